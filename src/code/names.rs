//! What guards are there for, told by their names.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::route::Role;

/// A name's words, in lower case: of `requireAuth`, `login_required`, `passport.authenticate` and `@IsAdmin`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut rest = name.chars().peekable();
    while let Some(character) = rest.next() {
        let ends_capitals = character.is_uppercase() && rest.peek().is_some_and(|next| next.is_lowercase());
        let begins = character.is_uppercase()
            && (before.is_lowercase() || before.is_numeric() || (ends_capitals && before.is_uppercase()));
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphanumeric(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Names that hold a word of a guard and are none: they open a session, hand out tokens, or guard against something else.
const NONE: &[&str] = &[
    "nextauth", "session", "cookiesession", "expresssession", "passport.initialize", "passport.session",
    "sessionmiddleware", "initializeuser",
];

/// Policies that browsers are told, and what else has a guard's word in it.
const POLICIES: &[&str] = &[
    "feature", "content", "referrer", "permissions", "origin", "resource", "embedder", "opener", "transport", "cookie",
];

/// What is done with users and tokens by something that is no guard: `updateAuthenticatedUsers`, `resetPasswordToken`.
const WORK: &[&str] = &[
    "update", "save", "set", "append", "add", "create", "log", "track", "record", "challenge", "challenges", "refresh",
    "generate", "initialize", "init", "reset", "forgot", "email", "password", "count", "clear", "delete", "remove",
    "store", "config", "strategy", "invite", "webhook", "parse", "parser",
];

/// Words that say that anybody may call.
const PUBLIC: &[&str] = &["public", "anonymous", "allowany", "permitall", "unauthenticated", "noauth"];
const LIMITER: &[&str] = &[
    "limit", "limits", "limiter", "limiters", "ratelimit", "ratelimiter", "throttle", "throttler", "throttles",
    "throttling", "slowdown", "brute", "bruteforce", "governor", "tollbooth",
];
const AUTHORIZATION: &[&str] = &[
    "role", "roles", "admin", "admins", "administrator", "administrative", "permission", "permissions", "permitted",
    "permit", "can", "policy", "policies", "acl", "rbac", "authorize", "authorise", "authorized", "authorised",
    "authorization", "authorisation", "ability", "abilities", "owner", "ownership", "superuser", "staff", "privilege",
    "privileges", "privileged", "entitled", "moderator", "forbidden", "deny", "denied", "access", "scope", "scopes",
    "tenant",
];
const AUTHENTICATION: &[&str] = &[
    "auth", "authenticate", "authenticated", "authentication", "authenticator", "authn", "authed", "login", "logged",
    "loggedin", "signin", "jwt", "jwks", "token", "session", "passport", "bearer", "apikey", "credentials",
    "credential", "oidc", "oauth", "oauth2", "clerk", "keycloak", "protect", "protected", "identity", "identify",
];
const SCHEMA: &[&str] = &[
    "validate", "validates", "validator", "validators", "validation", "validated", "schema", "schemas", "zod", "joi",
    "celebrate", "yup", "ajv", "serializer", "dto", "pydantic",
];
/// The first words of pairs that tell: `slowDown`, `allowAny`, `permitAll`, `apiKey`, `isSignedIn`.
const PAIRS: &[&str] = &["slow", "allow", "permit", "api", "signed"];
/// Who can be asked for.
const PEOPLE: &[&str] = &["user", "member", "account", "principal"];
/// With one of these, `user` is somebody who has to be there: `requireUser`, `get_current_user`.
const ASKS: &[&str] = &[
    "require", "required", "requires", "current", "get", "ensure", "check", "verify", "load", "is", "assert", "active",
    "must", "needs", "only", "with",
];

/// Without one of these in it, a name tells of nothing.
static TELLING: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lists = [PUBLIC, LIMITER, AUTHORIZATION, AUTHENTICATION, SCHEMA, PAIRS, PEOPLE];
    lists.into_iter().flatten().copied().collect()
});

/// What a guard of a name is there for.
pub(super) fn role_of(name: &str) -> Role {
    // Of echo: `JWTWithConfig` is the `JWT` that is told more.
    let name = name.strip_suffix("WithConfig").unwrap_or(name);
    let words = words(name);
    // Most names tell nothing.
    if !words.iter().any(|word| TELLING.contains(word.as_str())) {
        return Role::Other;
    }
    let lower = name.trim_start_matches('@').to_ascii_lowercase();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    let plain: String = lower.chars().filter(|c| c.is_alphanumeric() || *c == '.').collect();
    // What sets `Access-Control-Allow-Origin` is called by it.
    let policy = has(&["policy"]) && has(POLICIES) || pair("access", "control");
    if NONE.contains(&plain.as_str()) || has(&["csrf", "xsrf", "cors", "helmet"]) || policy {
        return Role::Other;
    }
    if has(LIMITER) || pair("slow", "down") {
        return Role::Limiter;
    }
    // `SetMiddlewareAuthentication`
    let guards = words.iter().any(|word| word == "middleware")
        || words.last().is_some_and(|word| matches!(word.as_str(), "guard" | "required" | "mixin"));
    if has(WORK) && !guards && !has(SCHEMA) {
        return Role::Other;
    }
    let skips =
        words.first().is_some_and(|word| matches!(word.as_str(), "skip" | "no" | "without" | "allow" | "optional"));
    if has(PUBLIC) && !words.contains(&"key".to_owned())
        || pair("allow", "any")
        || pair("permit", "all")
        || (skips && has(AUTHENTICATION))
        || has(&["optional", "loose", "maybe"]) && has(AUTHENTICATION)
    {
        return Role::Public;
    }
    if has(AUTHORIZATION) {
        return Role::Authorization;
    }
    if has(AUTHENTICATION) || pair("api", "key") || pair("signed", "in") || (has(PEOPLE) && has(ASKS)) {
        return Role::Authentication;
    }
    match has(SCHEMA) {
        true => Role::Schema,
        false => Role::Other,
    }
}

/// Whether a name is that of a guard and not of what answers: `isAuthorized`, `requireAuth`, and not `authController.login`.
pub(super) fn is_guard(name: &str) -> bool {
    const BEGINS: &[&str] = &[
        "is", "require", "requires", "ensure", "check", "verify", "deny", "must", "only", "has", "can", "restrict",
        "allow", "protect",
    ];
    let last = name.rsplit('.').next().unwrap_or_default();
    let begins = words(last).first().is_some_and(|word| BEGINS.contains(&word.as_str()));
    begins && matches!(role_of(last), Role::Authentication | Role::Authorization | Role::Limiter)
}

/// Calls in the body of a handler that ask who is calling, by the whole of their last name. Looser than that would take the handler's
/// own work for a guard: `authService.login()`.
const BODY_AUTHENTICATION: &[&str] = &[
    "auth", "getserversession", "getsession", "verifytoken", "verifyjwt", "jwtverify", "requireauth", "requireuser",
    "requirelogin", "requiresession", "ensureauthenticated", "isauthenticated", "isloggedin", "getcurrentuser",
    "currentuser", "getauth", "validaterequest", "validatesession", "verifysession", "verifyidtoken",
    "authenticaterequest", "checkauth", "getauthsession", "unstablegetserversession", "getsessionuser",
    "getuserfromrequest", "getuserfromtoken", "getuserfromsession", "getloggedinuser", "getauthenticateduser",
    "tokenvalidator", "validatetoken", "verifyaccesstoken", "loginrequired", "withauth", "getclaims",
    "verifyjwtinrequest", "jwtrequired",
];
const BODY_AUTHORIZATION: &[&str] = &[
    "checkpermission", "checkpermissions", "haspermission", "hasrole", "requirerole", "requireroles",
    "requirepermission", "requireadmin", "isadmin", "assertcan", "ensureadmin", "checkrole", "checkaccess",
    "hasaccess", "verifyaccess", "assertpermission", "checkobjectpermissions", "hasperm", "hasperms", "isowner",
    "throwunlesscan", "cannot", "can", "getobjector403", "enforce",
];
const BODY_SCHEMA: &[&str] = &[
    "safeparse", "safeparseasync", "parseasync", "validate", "validateasync", "validatesync", "validationresult",
    "isvalid", "isvalidsync", "validateonsubmit", "modelvalidate", "validatebody", "validaterequestbody",
    "readvalidatedbody", "plaintoinstance", "jsonvalidate",
];
const BODY_LIMITER: &[&str] = &["ratelimit", "checkratelimit", "limit", "consume", "throttle", "slowdown"];

/// What a call in the body of a handler is there for; none where it is not known by its name.
pub(super) fn role_of_call(name: &str) -> Option<Role> {
    let last = name.rsplit(['.', ':']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let receiver = name[..name.len() - last.len()].to_ascii_lowercase();
    let is = |known: &[&str]| known.contains(&plain.as_str());
    match () {
        () if is(BODY_AUTHENTICATION) && !receiver.contains("sequelize") && !receiver.contains("mongoose") => {
            Some(Role::Authentication)
        }
        () if plain == "getuser" && receiver.contains("auth") => Some(Role::Authentication),
        () if plain == "verify"
            && ["jwt", "jsonwebtoken", "jose", "verifier"].iter().any(|it| receiver.contains(it)) =>
        {
            Some(Role::Authentication)
        }
        () if is(BODY_AUTHORIZATION) => Some(Role::Authorization),
        // Of something else, it hands out a token: `security.authorize(user)`.
        () if matches!(plain.as_str(), "authorize" | "authorise") => {
            let asks = ["policy", "ability", "gate", "acl", "this."].iter().any(|it| receiver.contains(it));
            (receiver.is_empty() || asks).then_some(Role::Authorization)
        }
        // `verifyCurrentUserHasAccessToPost(id)`
        () if is_guard(last) && words(last).len() > 2 => Some(role_of(last)),
        () if is(BODY_SCHEMA) => Some(Role::Schema),
        () if plain == "parse" && (receiver.contains("schema") || receiver.starts_with("z.")) => Some(Role::Schema),
        () if matches!(plain.as_str(), "limit" | "consume") => receiver.contains("limit").then_some(Role::Limiter),
        () if is(BODY_LIMITER) => Some(Role::Limiter),
        () => None,
    }
}

/// Whether a name is that of something that must not be logged.
pub(super) fn is_sensitive(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "cookie", "cookies", "apikey",
        "credential", "credentials", "otp", "cvv", "ssn", "jwt", "pin",
    ];
    let words = words(name);
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words
            .windows(2)
            .any(|pair| pair[1] == "key" && matches!(pair[0].as_str(), "api" | "private" | "secret" | "access"))
}

/// Whether a name is that of a user's id, or of a user.
pub(super) fn is_user_id(name: &str) -> bool {
    let words = words(name);
    let is_user = |word: &str| matches!(word, "user" | "userid" | "account" | "owner" | "uid" | "customer" | "member");
    match words.as_slice() {
        [one] => matches!(one.as_str(), "userid" | "uid" | "accountid" | "ownerid" | "customerid"),
        [first, second] => is_user(first) && second == "id",
        _ => false,
    }
}

/// Whether a name in a query says whose the object is.
pub(super) fn is_owner(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "user", "userid", "owner", "ownerid", "author", "authorid", "tenant", "tenantid", "org", "organization",
        "organisation", "team", "workspace", "account", "creator", "createdby", "customer", "member", "company",
        "session",
    ];
    let words = words(name);
    words.iter().any(|word| WORDS.contains(&word.as_str())) || words.windows(2).any(|pair| pair == ["created", "by"])
}

/// A name as reports show it: on one line, and no longer than 80 characters.
pub(super) fn shown(name: &str) -> String {
    let line: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.chars().count() > 80 {
        true => line.chars().take(79).chain(['…']).collect(),
        false => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        assert_eq!(words("requireAuth"), ["require", "auth"]);
        assert_eq!(words("@login_required"), ["login", "required"]);
        assert_eq!(words("JWTAuthGuard"), ["jwt", "auth", "guard"]);
        assert_eq!(words("author"), ["author"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn guards_are_told_by_their_names() {
        let cases: &[(Role, &[&str])] = &[
            (
                Role::Authentication,
                &[
                    "requireUser",
                    "login_required",
                    "passport.authenticate",
                    "expressJwt",
                    "isLoggedIn",
                    "ensureAuthenticated",
                    "authMiddleware",
                    "AuthGuard",
                    "LoginRequiredMixin",
                    "IsAuthenticated",
                    "get_current_user",
                    "token_required",
                    "verifyToken",
                    "validateToken",
                    "fastify.authenticate",
                    "JwtAuthGuard",
                    "requireSignin",
                    "CurrentUser",
                    "sessionHandler.isLoggedInMiddleware",
                    "middleware.JWTWithConfig",
                    "middlewares.SetMiddlewareAuthentication",
                ],
            ),
            (
                Role::Authorization,
                &[
                    "requireRole", "isAdmin", "adminOnly", "permission_required", "can", "checkPolicy", "RolesGuard",
                    "IsAdminUser", "get_current_active_superuser", "staff_member_required", "security.isAuthorized",
                    "security.denyAll",
                ],
            ),
            (
                Role::Limiter,
                &[
                    "rateLimit", "loginLimiter", "ThrottlerGuard", "UserRateThrottle", "authLimiter", "limiter.limit",
                    "slowDown", "GovernorLayer", "Governor::new",
                ],
            ),
            (Role::Schema, &["validate", "validateBody", "celebrate", "ValidationPipe", "userSchema", "zValidator"]),
            (Role::Public, &["Public", "AllowAny", "SkipAuth", "AllowAnonymous", "permitAll", "optionalAuth"]),
            (
                Role::Other,
                &[
                    "author", "session", "express-session", "cookie_session", "next-auth", "csrfProtection", "cors",
                    "helmet", "express.json", "candle", "passport.session", "publicKey", "createUser",
                    "middlewares.AccessControlMiddleware", "jwtConfig",
                ],
            ),
        ];
        for (role, names) in cases {
            for name in *names {
                assert_eq!(role_of(name), *role, "{name}");
            }
        }
    }

    #[test]
    fn a_handlers_own_work_is_no_guard() {
        for name in [
            "authService.login", "session.save", "user.can.fly", "sequelize.authenticate", "JSON.parse", "query.limit",
            "db.getUser",
        ] {
            assert_eq!(role_of_call(name), None, "{name}");
        }
        assert_eq!(role_of_call("getServerSession"), Some(Role::Authentication));
        assert_eq!(role_of_call("supabase.auth.getUser"), Some(Role::Authentication));
        assert_eq!(role_of_call("jwt.verify"), Some(Role::Authentication));
        assert_eq!(role_of_call("bodySchema.parse"), Some(Role::Schema));
    }

    #[test]
    fn what_is_shown_is_short() {
        assert_eq!(shown("a\n  b"), "a b");
        assert_eq!(shown(&"é".repeat(90)).chars().count(), 80);
    }
}
