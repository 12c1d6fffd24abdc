//! Plans in words and as data.

use crate::set;

const BUNDLE: &str = r#"
#--- operations/fruit/store_fruit.toml
summary = "Store a fruit. V1 answers with an array of one."
v1 = "PUT /fruit/{fruitId}"
v2 = "PUT /baskets/{basket}/fruits/{fruit_id}"
interrupted = "the fruit is as it was: the look-up only reads"
loss = ["the peel is not kept"]

[path]
fruitId = "fruit_id"

[query]
dryrun = "dry_run as bool"
colour = "colour"
force  = "none: V2 always does"

[query_default]
detail = "true"

[body_query]
shade = "colour"

[lookup.basket]
v2        = "GET /baskets?fruit={fruitId}"
take      = { basket = "$.items[0].id" }
otherwise = { basket = "{fruitId}" }
unchanging = "a fruit never leaves its basket"

[request]
layout = "$ as Fruit"

[response.200]
layout = "[ $ as Fruit ]"

[response.204]
status = 200
layout = '"stored"'

[response.206]
layout = "{ $.name: $.parts }"

[response.404]

#--- operations/fruit/list_fruit.toml
summary = "All fruit at once."
v1 = "GET /fruit"
v2 = "GET /fruits"

[pages]
page = "page"
size = "page_size"
rows = 100
also = ["vegetables"]

[response.200]
layout = '{ "fruit": $.fruits as Fruit }'

#--- operations/fruit/eat_fruit.toml
summary = "Eat a fruit. V1 answers with it."
v1 = "DELETE /fruit/{fruitId}"
v2 = "DELETE /fruits/{fruit_id}"
interrupted = "the fruit is still there"

[path]
fruitId = "fruit_id"

[lookup.fruit]
v2 = "GET /fruits/{fruitId}"

[response.204]
status = 200
layout = "lookup.fruit as Fruit"

#--- operations/fruit/paint_fruit.toml
summary = "Paint a fruit."
v1 = "PUT /fruit/{fruitId}/{colour}"
v2 = "PATCH /fruits/{fruit_id}"

[path]
fruitId = "fruit_id"

[allowed]
colour = ["red", "green"]

[request]
body = { colour = "{colour}" }

[response.200]
gzip = "{fruitId}.json.gz"

#--- operations/fruit/fruit_by_worm.toml
summary = "Which fruit a worm is in."
v1 = "GET /worms"
composed = "fruit_by_worm"

[query]
worm = "name"

[call.worm]
v2 = "GET /worms?name={worm}&detail={detail}"

[call.fruits]
v2 = "GET /fruits?kind={kind}"
rows = "$.fruits"

[response.200]
layout = '{ "fruit": $.fruits, "pages": $.pages }'

#--- operations/fruit/ping.toml
summary = "Ping."
service = "juice"
v1 = "GET /"

[answer]
body = "v1"

#--- operations/fruit/gone.toml
summary = "Gone."
v1 = "GET /gone"
v2 = "none"
reason = "V2 keeps no peel"
instead = "peel it yourself"
assumed = "no V1 specification is public"

#--- unmapped.toml
later = "GET /later"

#--- defaults.toml
[response.401]
text = "Unauthorized"

#--- shapes/Fruit.toml
summary = "A fruit."
v1_null = ["peel"]

[fields]
ripeSince = "ripe_since"
seeds     = "seeds as Seeds"
kinds     = "[ kind words kinds ]"
label     = "labels via both_ways"

[words.kinds]
rotten = "overripe"

[only_v1]
worm = "V2 has none"

[only_v2]
stem = "new in V2"

[kept_v2]
note = "else it is lost"

[v2_default]
labels = []

#--- shapes/Seeds.toml
summary = "Seeds by place."

[each]
value = "$ as Fruit"
"#;

#[test]
fn an_operation_in_words() {
    let mappings = set::compiled(BUNDLE);
    let all: Vec<String> = mappings
        .operations()
        .iter()
        .map(|operation| operation.explanation.to_string())
        .collect();
    insta::assert_snapshot!(all.join("\n-----\n"));
}

#[test]
fn an_operation_as_data() {
    let mappings = set::compiled(BUNDLE);
    let operation = mappings.operation("store_fruit").unwrap();
    insta::assert_json_snapshot!(*operation.explanation);
}
