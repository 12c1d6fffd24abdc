//! Services, accounts, users and registry logins.

use serde_json::Value;
use windlass_tests::clients::AnchoreCli;

pub(super) fn system(cli: &AnchoreCli) {
    let status = cli.ok(&["system", "status"]);
    assert!(
        status.contains("Service apiext") && status.contains("up"),
        "{status}"
    );
    assert!(
        status.contains("Engine Code Version: ") && !status.contains("Version: None"),
        "{status}"
    );
    let services = cli.json(&["system", "status"]);
    let states = services["service_states"]
        .as_array()
        .expect("a list of services");
    assert!(
        states
            .iter()
            .any(|state| state["servicename"] == "apiext" && state["status"] == true),
        "{services}"
    );
    cli.ok(&[
        "system",
        "wait",
        "--timeout",
        "10",
        "--interval",
        "1",
        "--feedsready",
        "",
    ]);
    cli.ok(&["system", "errorcodes"]);
    cli.ok(&["system", "feeds", "list"]);
}

pub(super) fn accounts(cli: &AnchoreCli) {
    let listed = cli.ok(&["account", "list"]);
    assert!(
        listed.contains("admin") && listed.contains("enabled"),
        "{listed}"
    );
    let added = cli.ok(&["account", "add", "acme", "--email", "ops@example.com"]);
    assert!(
        added.contains("Name: acme") && added.contains("ops@example.com"),
        "{added}"
    );
    let accounts = cli.json(&["account", "list"]);
    let names: Vec<&Value> = accounts
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| &account["name"])
        .collect();
    assert_eq!(names, ["admin", "acme"]);
    assert!(
        cli.ok(&["account", "get", "acme"])
            .contains("State: enabled")
    );
    cli.ok(&[
        "account",
        "user",
        "add",
        "--account",
        "acme",
        "alice",
        "alice-password",
    ]);
    assert!(
        cli.ok(&["account", "user", "list", "--account", "acme"])
            .contains("alice")
    );
    assert_eq!(
        cli.json(&["account", "user", "get", "--account", "acme", "alice"])["username"],
        "alice"
    );
    cli.ok(&[
        "account",
        "user",
        "setpassword",
        "--account",
        "acme",
        "--username",
        "alice",
        "another-password",
    ]);
    cli.ok(&["account", "user", "del", "--account", "acme", "alice"]);
    let refused = cli.run(&["account", "del", "--dontask", "acme"]);
    assert!(
        refused.code != 0,
        "an enabled account must not be deleted: {refused:?}"
    );
    cli.ok(&["account", "disable", "acme"]);
    assert!(
        cli.ok(&["account", "get", "acme"])
            .contains("State: disabled")
    );
    cli.ok(&["account", "enable", "acme"]);
    assert!(cli.ok(&["account", "whoami"]).contains("Username: admin"));
}

pub(super) fn registries(cli: &AnchoreCli) {
    let name = "registry.example.org:5000";
    let added = cli.ok(&[
        "registry",
        "add",
        "--skip-validate",
        name,
        "bob",
        "registry-secret",
        "--registry-type",
        "docker_v2",
    ]);
    assert!(
        added.contains(name) && added.contains("User: bob") && !added.contains("registry-secret"),
        "{added}"
    );
    assert!(cli.ok(&["registry", "list"]).contains(name));
    let got = cli.json(&["registry", "get", name]);
    assert_eq!(
        (&got[0]["registry"], &got[0]["registry_user"]),
        (&name.into(), &"bob".into())
    );
    assert!(
        got[0].get("registry_pass").is_none() && got[0].get("account_name").is_none(),
        "{got}"
    );
    cli.ok(&[
        "registry",
        "update",
        "--skip-validate",
        name,
        "bill",
        "other-secret",
    ]);
    assert!(cli.ok(&["registry", "get", name]).contains("User: bill"));
    let again = cli.run(&[
        "registry",
        "add",
        "--skip-validate",
        name,
        "bob",
        "registry-secret",
    ]);
    assert!(
        again.code != 0 && again.out.contains("already exists"),
        "{again:?}"
    );
    cli.ok(&["registry", "del", name]);
    let gone = cli.run(&["registry", "get", name]);
    assert!(gone.code != 0, "{gone:?}");
}
