//! Every operation × every role, held against a table that was written down apart from the program.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{Operation, operations};
use crate::testing::{Answer, Call, TestServer};

/// What `roles.toml` says.
#[derive(Deserialize)]
struct Table {
    published: BTreeMap<String, Vec<String>>,
    newer: BTreeMap<String, Vec<String>>,
    domains: Domains,
    actions: BTreeMap<String, Vec<String>>,
    open: Open,
}

#[derive(Deserialize)]
struct Domains {
    system: Vec<String>,
    everyone: Vec<String>,
}

#[derive(Deserialize)]
struct Open {
    operations: Vec<String>,
    administrators: Vec<String>,
}

/// What an operation needs.
#[derive(Clone, Copy)]
enum Need<'t> {
    /// Nothing, or a login.
    Nothing,
    /// A user of the account `admin`.
    Administrator,
    /// An action in an account.
    Action(&'t str),
}

impl Table {
    fn read() -> Self {
        toml::from_str(include_str!("roles.toml")).unwrap()
    }

    /// What every operation needs, by its name.
    fn needs(&self) -> HashMap<String, Need<'_>> {
        let mut needs = HashMap::new();
        for name in &self.open.operations {
            needs.insert(form(name), Need::Nothing);
        }
        for name in &self.open.administrators {
            needs.insert(form(name), Need::Administrator);
        }
        for (action, names) in &self.actions {
            let need = if self.domains.everyone.contains(action) {
                Need::Nothing
            } else if self.domains.system.contains(action) {
                Need::Administrator
            } else {
                Need::Action(action)
            };
            needs.extend(names.iter().map(|name| (form(name), need)));
        }
        needs
    }

    /// The roles, and what each allows; nothing is everything.
    fn roles(&self) -> Vec<(&str, Option<Vec<&str>>)> {
        let mut roles = vec![("full-control", None)];
        for (role, published) in &self.published {
            let allowed = published.iter().chain(&self.newer[role]);
            roles.push((role, Some(allowed.map(String::as_str).collect())));
        }
        roles
    }
}

/// An operation however its parameters are called. Kinds of endpoints are one parameter in the table.
fn form(name: &str) -> String {
    let mut before = "";
    let segments = name.split('/').map(|segment| {
        let is_parameter = segment.starts_with('{') || before == "endpoints";
        before = segment;
        if is_parameter { "{}" } else { segment }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether the account an operation acts in is named in its query or its body.
fn names_account(operation: &Operation) -> bool {
    operation.path.ends_with("/members") || operation.path.contains("/rbac-manager/users/")
}

/// A call of an operation that gets as far as the check of permissions, and not much farther.
fn call(server: &TestServer, operation: &Operation, user: &str) -> Call {
    let Operation { method, path, .. } = operation;
    if !names_account(operation) {
        return server
            .call(method.clone(), path)
            .as_user(user)
            .body("text/plain", "{");
    }
    let path = match *method {
        Method::POST => path.clone(),
        Method::DELETE => format!("{path}?for_account=acme&username=nobody"),
        _ => format!("{path}?for_account=acme"),
    };
    let call = server.call(method.clone(), &path).as_user(user);
    if *method == Method::POST {
        call.json(json!({"username": "nobody", "for_account": "acme"}))
    } else {
        call
    }
}

/// 403 where it is refused, anything but a refusal where it is allowed.
fn is_right(answer: &Answer, is_allowed: bool) -> bool {
    if is_allowed {
        !matches!(answer.status, 401 | 403)
    } else {
        answer.status == 403
    }
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let server = TestServer::start().await;
    let table = Table::read();
    let (needs, roles) = (table.needs(), table.roles());
    server.account_with_user("other", "somebody", "").await;
    server.account_with_user("acme", "nobody", "").await;
    for (role, _) in &roles {
        let user = format!("user-{role}");
        server.account_with_user("acme", &user, role).await;
    }
    let (mut faults, mut checked) = (Vec::new(), 0);
    for operation in operations(&server) {
        let name = &operation.name;
        let Some(need) = needs.get(&form(name)).copied() else {
            faults.push(format!("{name} is not in the table"));
            continue;
        };
        let mut expect = |who: &str, is_allowed: bool, answer: &Answer| {
            checked += 1;
            if !is_right(answer, is_allowed) {
                let word = if is_allowed { "may" } else { "may not" };
                faults.push(format!("{who} {word} {name}: {}", answer.text));
            }
        };
        expect("admin", true, &call(&server, &operation, "admin").await);
        let without = matches!(need, Need::Nothing);
        expect(
            "nobody",
            without,
            &call(&server, &operation, "nobody").await,
        );
        for (role, allowed) in &roles {
            let user = format!("user-{role}");
            let is_allowed = match (need, allowed) {
                (Need::Nothing, _) | (Need::Action(_), None) => true,
                (Need::Administrator, _) => false,
                (Need::Action(action), Some(allowed)) => allowed.contains(&action),
            };
            expect(role, is_allowed, &call(&server, &operation, &user).await);
            // A role ends where its account does.
            let says_where = operation.path.contains("/acme") || names_account(&operation);
            if matches!(need, Need::Action(_)) && !says_where {
                let elsewhere = call(&server, &operation, &user);
                let elsewhere = elsewhere.header("x-anchore-account", "other").await;
                expect(&format!("{role} elsewhere"), false, &elsewhere);
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert!(checked > 2000, "only {checked} were checked");
}
