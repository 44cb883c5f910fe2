//! `SecurityFilterChain`: rules in order, of which the first that fits decides.

use crate::code::reader::gap;
use crate::code::route::{Gap, Mention, Method, Place, Role, Route};
use crate::code::unit::{Call, Class, Expr, Function, Unit};

use super::matcher::covers;
use super::values::Constants;

/// A chain.
pub(super) struct Filters {
    /// Which paths it is for; all where there is none.
    paths: Option<Vec<String>>,
    /// Its place among the chains; the lowest is asked first.
    order: i64,
    rules: Vec<Rule>,
    at: Place,
}

/// One rule.
struct Rule {
    /// None where it is for any request.
    paths: Option<Vec<String>>,
    method: Option<Method>,
    /// What it says: `permitAll`, `hasRole`.
    says: String,
    at: Place,
}

/// All chains, in the order in which they are asked.
pub(super) fn chains(units: &[&Unit], constants: &Constants, gaps: &mut Vec<Gap>) -> Vec<Filters> {
    let mut chains = Vec::new();
    for unit in units {
        for class in &unit.classes {
            for method in &class.methods {
                let bean = method.result.ends_with("FilterChain");
                let old =
                    method.name == "configure" && method.params.iter().any(|param| param.of.contains("HttpSecurity"));
                let ignores = method.result.contains("WebSecurityCustomizer")
                    || method.name == "configure" && method.params.iter().any(|param| param.of == "WebSecurity");
                if bean || old || ignores {
                    let found = chain(unit, class, method, constants, gaps);
                    let some = !found.rules.is_empty() || found.paths.is_some();
                    chains.extend(Some(found).filter(|_| some || bean));
                }
            }
        }
    }
    chains.sort_by_key(|chain| chain.order);
    chains
}

fn chain(unit: &Unit, class: &Class, method: &Function, constants: &Constants, gaps: &mut Vec<Gap>) -> Filters {
    let mut filters = Filters { paths: None, order: order(method, class), rules: Vec::new(), at: unit.at(method.line) };
    let mut found: Vec<(Call, Call)> = Vec::new();
    let mut asks: Vec<&Call> = Vec::new();
    for statement in &method.body {
        statement.walk(&mut |e| {
            let Expr::Chain(chain) = e else { return };
            let calls: Vec<&Call> = chain.calls().collect();
            asks.extend(calls.iter().filter(|call| is_scope(&call.name)));
            for two in calls.windows(2).filter(|two| is_matcher(&two[0].name) && is_verdict(&two[1].name)) {
                found.push((two[0].clone(), two[1].clone()));
            }
            // `web.ignoring().requestMatchers("/x")`
            for two in calls.windows(2).filter(|two| two[0].name == "ignoring") {
                found.push((two[1].clone(), two[0].clone()));
            }
        });
    }
    for call in asks {
        let paths = paths_of(call, &class.name, constants);
        if paths.is_none() {
            gaps.push(gap(&unit.file, call.line, "Which paths this chain is for is not known."));
        }
        filters.paths = paths.map(|paths| filters.paths.take().unwrap_or_default().into_iter().chain(paths).collect());
    }
    for (matcher, verdict) in found {
        let any = matches!(matcher.name.as_str(), "anyRequest" | "anyExchange");
        let paths = if any { None } else { paths_of(&matcher, &class.name, constants) };
        if !any && paths.is_none() {
            gaps.push(gap(&unit.file, matcher.line, "Which paths this rule is for is not known: it was passed over."));
            continue;
        }
        let method = matcher.args.iter().find_map(|arg| Method::of(arg.value.dotted().strip_prefix("HttpMethod.")?));
        filters.rules.push(Rule { paths, method, says: verdict.name, at: unit.at(matcher.line) });
    }
    if method.result.contains("WebSecurityCustomizer") || method.params.iter().any(|param| param.of == "WebSecurity") {
        // What is ignored never reaches any chain.
        filters.order = i64::MIN;
        filters.paths = Some(filters.rules.iter().flat_map(|rule| rule.paths.clone().unwrap_or_default()).collect());
    }
    filters
}

fn is_scope(name: &str) -> bool {
    matches!(name, "securityMatcher" | "securityMatchers" | "antMatcher" | "mvcMatcher" | "requestMatcher")
}

fn is_matcher(name: &str) -> bool {
    matches!(
        name,
        "requestMatchers"
            | "antMatchers"
            | "mvcMatchers"
            | "pathMatchers"
            | "regexMatchers"
            | "anyRequest"
            | "anyExchange"
    )
}

fn is_verdict(name: &str) -> bool {
    matches!(
        name,
        "permitAll"
            | "authenticated"
            | "fullyAuthenticated"
            | "denyAll"
            | "anonymous"
            | "rememberMe"
            | "access"
            | "hasRole"
            | "hasAnyRole"
            | "hasAuthority"
            | "hasAnyAuthority"
            | "hasIpAddress"
            | "not"
    )
}

/// `@Order(1)` at the method or the class; the lowest first, those without one last.
fn order(method: &Function, class: &Class) -> i64 {
    let mark = method.marks.iter().chain(&class.marks).find(|mark| mark.name == "Order");
    let value = mark.and_then(|mark| mark.args.first()).map(|arg| arg.value.dotted());
    value.and_then(|value| value.parse().ok()).unwrap_or(i64::MAX)
}

/// The patterns that a matcher is passed.
fn paths_of(call: &Call, class: &str, constants: &Constants) -> Option<Vec<String>> {
    let mut paths = Vec::new();
    for arg in &call.args {
        let dotted = arg.value.dotted();
        match dotted.as_str() {
            method if method.starts_with("HttpMethod.") => {}
            "PathRequest.toH2Console" => paths.push("/h2-console/**".into()),
            "EndpointRequest.toAnyEndpoint" | "EndpointRequest.to" => paths.push("/actuator/**".into()),
            "PathRequest.toStaticResources.atCommonLocations" => paths.push("/webjars/**".into()),
            _ if matches!(arg.value, Expr::Lambda(_)) => {
                // `securityMatchers(m -> m.requestMatchers("/a"))`
                let mut inner = None;
                arg.value.walk(&mut |e| {
                    let Expr::Chain(chain) = e else { return };
                    for call in chain.calls().filter(|call| is_matcher(&call.name)) {
                        let all: Option<Vec<Vec<String>>> =
                            call.args.iter().map(|arg| constants.texts(&arg.value, class)).collect();
                        inner = all.map(|all| all.concat());
                    }
                });
                paths.extend(inner?);
            }
            _ => paths.extend(constants.texts(&arg.value, class)?),
        }
    }
    // Only a method: any path.
    let only_method = paths.is_empty() && !call.args.is_empty();
    Some(if only_method { vec!["/**".into()] } else { paths })
}

/// Puts before a route what the chains say of it.
pub(super) fn apply(chains: &[Filters], route: &mut Route) {
    let fits =
        |paths: &Option<Vec<String>>| paths.as_ref().is_none_or(|paths| paths.iter().any(|p| covers(p, &route.path)));
    let Some(chain) = chains.iter().find(|chain| fits(&chain.paths)) else { return };
    let rule = chain.rules.iter().find(|rule| {
        fits(&rule.paths) && rule.method.is_none_or(|method| method == route.method || route.method == Method::Any)
    });
    let mut add = |role: Role, name: &str, at: &Place| {
        let mention = Mention { role, name: name.to_owned(), at: at.clone(), group: true };
        route.before.insert(0, mention);
    };
    match rule {
        None => add(Role::Other, "SecurityFilterChain", &chain.at),
        Some(rule) => match rule.says.as_str() {
            "permitAll" | "anonymous" | "ignoring" => add(Role::Public, &rule.says, &rule.at),
            "authenticated" | "fullyAuthenticated" | "rememberMe" => add(Role::Authentication, &rule.says, &rule.at),
            "hasRole" | "hasAnyRole" | "hasAuthority" | "hasAnyAuthority" => {
                add(Role::Authorization, &rule.says, &rule.at);
                add(Role::Authentication, &rule.says, &rule.at);
            }
            says => add(Role::Authorization, says, &rule.at),
        },
    }
}
