//! Frameworks that applications are written with.

use super::route::Place;

/// A framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// Express, JavaScript.
    Express,
    /// Fastify, JavaScript.
    Fastify,
    /// NestJS, TypeScript.
    NestJs,
    /// Next.js: app and pages routers.
    NextJs,
    /// Django.
    Django,
    /// Django REST framework.
    DjangoRest,
    /// Flask.
    Flask,
    /// FastAPI and Starlette.
    FastApi,
    /// Ruby on Rails.
    Rails,
    /// Laravel.
    Laravel,
    /// Spring MVC, WebFlux and Security.
    Spring,
    /// Go's own `net/http`.
    GoHttp,
    /// gin.
    Gin,
    /// chi.
    Chi,
    /// echo.
    Echo,
    /// axum.
    Axum,
    /// Actix Web.
    Actix,
}

impl Framework {
    /// Its name, as its makers write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Express => "Express",
            Self::Fastify => "Fastify",
            Self::NestJs => "NestJS",
            Self::NextJs => "Next.js",
            Self::Django => "Django",
            Self::DjangoRest => "Django REST framework",
            Self::Flask => "Flask",
            Self::FastApi => "FastAPI",
            Self::Rails => "Rails",
            Self::Laravel => "Laravel",
            Self::Spring => "Spring",
            Self::GoHttp => "Go net/http",
            Self::Gin => "gin",
            Self::Chi => "chi",
            Self::Echo => "echo",
            Self::Axum => "axum",
            Self::Actix => "Actix Web",
        }
    }
}

/// A framework that a project uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Detected {
    /// Which.
    pub framework: Framework,
    /// The version that a manifest or a lock file names, as it is written there.
    pub version: Option<String>,
    /// Where that shows.
    pub at: Place,
}
