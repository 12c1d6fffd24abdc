//! Mappings of an API that exists only here, one operation for each thing a mapping can say.

/// All of them: path and text.
pub(crate) const MAPPINGS: &[(&str, &str)] = &[
    (
        "operations/things/list_things.toml",
        r#"
summary = "A bare array in V1."
v1 = "GET /things"
v2 = "GET /all-things"
[query]
fullName = "full_name"
detail = "detail as bool"
same = "same"
old = "none: gone"
[body_query]
name = "full_name"
[response.200]
layout = "$.items as Thing"
"#,
    ),
    (
        "operations/owners/list_owners.toml",
        r#"
summary = "On a port of its own in V1."
service = "owners"
v1 = "GET /owners"
v2 = "GET /all-owners"
[response.200]
layout = "$.items"
"#,
    ),
    (
        "operations/owners/state.toml",
        r#"
summary = "Asked of each service."
also_on = ["owners"]
v1 = "GET /state"
v2 = "GET /state"
"#,
    ),
    (
        "operations/things/get_thing.toml",
        r#"
summary = "An array of one in V1."
v1 = "GET /things/{thingId}"
v2 = "GET /all-things/{thing_id}"
[path]
thingId = "thing_id"
[response.200]
layout = "[ $ as Thing ]"
"#,
    ),
    (
        "operations/things/add_thing.toml",
        r#"
summary = "Rewritten both ways."
v1 = "POST /things"
v2 = "POST /all-things"
[request]
layout = "$ as Thing"
[response.200]
layout = "$ as Thing"
"#,
    ),
    (
        "operations/things/delete_thing.toml",
        r#"
summary = "V1 answers true."
v1 = "DELETE /things/{thingId}"
v2 = "DELETE /all-things/{thing_id}"
[path]
thingId = "thing_id"
[response.204]
status = 200
layout = "true"
content_type = "application/json"
"#,
    ),
    (
        "operations/things/get_thing_by_name.toml",
        r#"
summary = "V2 knows no names."
v1 = "GET /names/{name}"
v2 = "GET /all-things/{thing_id}"
[lookup.thing]
v2 = "GET /all-things?name={name}"
take = { thing_id = "$.items[0].thing_id" }
otherwise = { thing_id = "{name}" }
[response.200]
layout = "[ $ as Thing ]"
"#,
    ),
    (
        "operations/things/get_owner.toml",
        r#"
summary = "The thing must be there."
v1 = "GET /things/{thingId}/owner"
v2 = "GET /owners/{owner_id}"
[lookup.thing]
v2 = "GET /all-things/{thingId}"
take = { owner_id = "$.owner_id" }
"#,
    ),
    (
        "operations/things/check_thing.toml",
        r#"
summary = "Keyed by the thing in V1."
v1 = "GET /things/{thingId}/check"
v2 = "GET /all-things/{thing_id}/check"
[path]
thingId = "thing_id"
[response.2xx]
layout = "[ { $.thing_id: $.checks } ]"
"#,
    ),
    (
        "operations/things/list_paged.toml",
        r#"
summary = "All at once in V1, pages in V2."
v1 = "GET /paged"
v2 = "GET /pages"
[query]
same = "same"
[pages]
page = "page"
size = "page_size"
rows = 3
also = ["stuff"]
[response.200]
layout = '{ "things": $.things as Thing }'
"#,
    ),
    (
        "operations/things/discard_thing.toml",
        r#"
summary = "V1 answers with what is gone."
v1 = "DELETE /kept/{thingId}"
v2 = "DELETE /all-things/{thing_id}"
interrupted = "the thing is still there"
[path]
thingId = "thing_id"
[lookup.thing]
v2 = "GET /all-things/{thingId}"
[response.204]
status = 200
layout = "[ lookup.thing as Thing ]"
"#,
    ),
    (
        "operations/things/get_thing_by_mark.toml",
        r#"
summary = "V2 knows no marks, and a mark never moves."
v1 = "GET /marks/{mark}"
v2 = "GET /all-things/{thing_id}"
[lookup.thing]
v2 = "GET /all-things?mark={mark}"
take = { thing_id = "$.items[0].thing_id" }
otherwise = { thing_id = "{mark}" }
unchanging = "marks are burnt in"
[response.200]
layout = "[ $ as Thing ]"
"#,
    ),
    (
        "operations/things/get_file.toml",
        r#"
summary = "A gzip file in V1."
v1 = "GET /files/{thingId}"
v2 = "GET /all-things/{thing_id}"
[path]
thingId = "thing_id"
[response.200]
gzip = "{thingId}.json.gzip"
"#,
    ),
    (
        "operations/things/set_state.toml",
        r#"
summary = "The state is in the path in V1."
v1 = "PUT /things/{thingId}/state/{state}"
v2 = "PATCH /all-things/{thing_id}"
[path]
thingId = "thing_id"
[allowed]
state = ["on", "off"]
[request]
body = { state = "{state}" }
"#,
    ),
    (
        "operations/uploads/upload.toml",
        r#"
summary = "Bytes that nobody reads on the way."
v1 = "POST /uploads/{name}"
v2 = "POST /all-uploads/{name}"
[path]
name = "name"
"#,
    ),
    (
        "operations/things/ping.toml",
        r#"
summary = "Answered without the server."
v1 = "GET /"
[answer]
status = 200
body = "v1"
"#,
    ),
    (
        "operations/things/version_check.toml",
        r#"
summary = "No API version in V1."
v1 = "GET /version"
v2 = "GET /version"
[response.200]
layout = "$ as Version"
"#,
    ),
    (
        "operations/things/burn_thing.toml",
        r#"
summary = "Nothing burns any more."
v1 = "POST /things/{thingId}/fire"
v2 = "none"
reason = "fire was abolished"
instead = "delete it"
"#,
    ),
    (
        "unmapped.toml",
        r#"
paint_thing = "POST /things/{thingId}/paint"
"#,
    ),
    (
        "defaults.toml",
        r#"
[response.401]
text = "Unauthorized"
content_type = "text/html; charset=utf-8"
[response.4xx]
layout = "$ as ApiError"
[response.5xx]
layout = "$ as ApiError"
"#,
    ),
    (
        "shapes/Thing.toml",
        r#"
summary = "A thing."
[fields]
thingId = "thing_id"
userId = "account_name"
[only_v2]
secret_sauce = "new in V2"
"#,
    ),
    (
        "shapes/Version.toml",
        r#"
summary = "Versions."
[fields]
api = "api as VersionApi"
"#,
    ),
    (
        "shapes/VersionApi.toml",
        r#"
summary = "The API's."
[only_v2]
version = "V1 had none"
"#,
    ),
    (
        "shapes/ApiError.toml",
        r#"
summary = "An error."
[fields]
httpcode = "code"
"#,
    ),
];
