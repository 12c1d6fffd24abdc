//! The registry of codes. Numbers are explicit and never used again for something else:
//! `M1xx` files and syntax, `M2xx` names, `M3xx` layouts and streaming, `M4xx` completeness.
//!
//! `M5xx` the comparison with the documents of both APIs.

use std::fmt;

use serde::{Serialize, Serializer};

/// The number of a kind of mistake, printed as `M201`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub(crate) u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M{}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What `windlass explain` prints for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The mistake in a few words.
    pub title: &'static str,
    /// What it means, an example, and how to fix it: Markdown.
    pub text: &'static str,
}

/// The page of a code such as `M201`; `None` when there is no such code.
pub fn page(code: &str) -> Option<&'static Page> {
    PAGES
        .iter()
        .find(|page| page.code.to_string().eq_ignore_ascii_case(code))
}

macro_rules! codes {
    ($($number:literal $name:ident $title:literal $text:literal)*) => {
        $(pub(crate) const $name: Code = Code($number);)*

        /// All codes in order, each with its page.
        pub static PAGES: &[Page] = &[$(Page { code: $name, title: $title, text: $text }),*];
    };
}

codes! {
    101 NOT_TOML "the file is not TOML"
"The file cannot be read at all; the place is where the TOML parser gave up.

Typical causes: a missing quote, a key written twice, a table header written twice. Strings that
hold `\"` are easiest in single quotes:

    layout = '{ \"name\": $ }'"

    102 UNKNOWN_KEY "unknown key"
"The mapping format has no such key here. Most often it is misspelt, or it stands below the wrong
`[table]` header: in TOML every key belongs to the header above it, so `summary`, `v1`, `v2` and
`loss` come first in a file.

    [path]
    fruitId = \"fruit_id\"
    summary = \"…\"          # read as a path parameter"

    103 WRONG_TYPE "a value of the wrong type"
"The key is known, but its value is of another kind than the format says: a number where a string
is expected, a string where a list is.

    loss = \"the order is lost\"       # wrong
    loss = [\"the order is lost\"]     # right"

    104 MISSING_KEY "a key is missing"
"Every operation has `summary`, `v1` and one of `v2` and `[answer]`; every shape has a `summary`;
every look-up has `v2`, and `take` unless a layout draws from it; every `[request]` has a `layout`
or a `body`; `[pages]` has `page`, `size` and `rows`; an operation with `composed` has a table
`[call.…]` for each call. Their values are not empty."

    105 NO_SUCH_FILE "not the name of a mapping file"
"A mappings folder holds `operations/<group>/<operation id>.toml`, `shapes/<Name>.toml`,
`defaults.toml` and `unmapped.toml`. The file name of an operation is its V1 operation id, the one
of a shape is its name."

    106 BAD_ENDPOINT "not a method and a path"
"`v1` and `v2` are a method, a space, and a path without API version. Values stand in braces; a
last `{name...}` takes the rest of the path. Only V2 paths may have a query.

    v1 = \"GET /fruits/{fruitId}\"
    v2 = \"GET /fruits?fruit_id={fruit_id}\""

    107 SYNTAX "an expression cannot be read"
"Three places have a small grammar of their own.

A field:    `NAME [words LIST] [as SHAPE] [via STEP]`, with `[ … ]` around it where V1 has an array
            of what V2 has single, or `NAME[0]` where V2 has the array.
A parameter: `NAME`, `NAME as bool`, or `none: reason`.
A layout:   `PATH [as SHAPE] [via STEP] [else JSON]`, `[ LAYOUT ]`, `{ KEY: LAYOUT, … }`, or JSON.

The place is where reading stopped; the label says what was found there."

    108 MISSING_REASON "a reason is missing"
"What is dropped, kept on purpose, or has no counterpart carries a reason in a few words. Reports
show it to the owners of clients.

    force = \"none: V2 always does this\"

The same holds for `assumed`: it says why nobody can know better."

    109 BAD_STATUS "not a status"
"The key of a `[response.…]` table is a V2 status (`200`) or a class of them (`4xx`). `status` is
the V1 status, a number from 200 to 599."

    110 CONFLICT "keys that exclude each other"
"An operation is either a V2 call (`v2 = \"METHOD /path\"`), or answered without one: `v2 = \"none\"`
with `reason` and `instead`, or an `[answer]`. Tables about the V2 call make no sense without one.
With `composed` the composition decides what is called, and only `[query]`, `[allowed]`,
`[call.…]` and `[response.…]` have a meaning. A body that leaves as a gzip file has no layout."

    111 BAD_JSONPATH "not a JSONPath"
"`take` of a look-up maps a name to a JSONPath (RFC 9535) into its answer.

    take = { fruit_id = \"$.items[0].fruit_id\" }"

    112 NOT_JSON "not a JSON value"
"A default or an answer must be expressible as JSON. TOML has no null and no numbers beyond its
own: write such values as `{ json = \"null\" }`."

    201 UNKNOWN_SHAPE "no such shape"
"`as NAME` names a shape, which is the file `shapes/NAME.toml`. Names are compared with upper and
lower case."

    202 UNKNOWN_STEP "no such step"
"`via NAME` names a step: a Rust function that is registered beside the mappings. Steps are for
what the mapping language cannot say."

    210 UNKNOWN_WORDS "no such list of words"
"`words NAME` exchanges strings by the table `[words.NAME]` of the same shape file.

    [fields]
    status = \"status words status_words\"

    [words.status_words]
    spoilt = \"rotten\""

    211 OPERATION_TWICE "an operation has two files"
"The file name of an operation is its id, whatever folder it is in. Two files with one name would
be two answers to one request."

    212 ROUTE_TWICE "two operations with one route"
"Two operations have the same method and paths that match the same requests (parameter names do
not count). Only operations of different services may share a route; the main service wins there."

    213 PATH_NOT_COVERED "a V1 path parameter goes nowhere"
"Every parameter of the `v1` path must be used: given a V2 name in `[path]`, or used by a look-up.
One that V2 does not need is declared with a reason.

    [path]
    fruitId = \"fruit_id\"
    name    = \"none: the id is enough\""

    214 NOT_IN_V1_PATH "no such V1 path parameter"
"`[path]`, look-ups and `request.path.NAME` name parameters as they stand in the braces of `v1`."

    215 NO_VALUE_FOR_V2_PATH "a V2 path parameter has no value"
"Each `{name}` in a `v2` path or query gets its value from `[path]`, under its V2 name, or from a
look-up that takes it. In a look-up's own path it is a V1 path parameter, or a value that an
earlier look-up took."

    216 NOT_IN_V2_PATH "no such V2 path parameter"
"The right-hand side in `[path]` is the name of a parameter in the braces of `v2`. A V1 parameter
that only a look-up needs is left out of `[path]`."

    217 NAME_TWICE "a name with two meanings"
"A shape says one thing about each name: a V1 name is in `[fields]` or in `[only_v1]`; a V2 name is
on the right-hand side of `[fields]`, in `[only_v2]` or in `[kept_v2]`. A path value has one source,
and a query parameter of V2 one V1 parameter."

    218 UNKNOWN_QUERY "no such V1 query parameter"
"`unless` of a look-up and `request.query.NAME` name parameters that `[query]` declares, by V1 name;
`[allowed]` names those, or parameters of the V1 path."

    219 UNKNOWN_TAKE "the look-up does not take this"
"`otherwise` says what stands in for a value of `take` that the answer does not hold; its keys are
names of `take`, its values a text or one V1 path parameter in braces."

    220 UNKNOWN_LOOK_UP "no such look-up"
"`lookup.NAME` in a layout draws from the whole answer of `[lookup.NAME]` of the same operation.
Answers that all operations share have no look-ups."

    221 UNKNOWN_COMPOSITION "no such composition"
"`composed = \"NAME\"` names a composition: a small state machine in Rust that is registered beside
the mappings, for answers that take several V2 calls which depend on each other."

    222 COMPOSITION_CALLS "the calls of a composition"
"A composition says which calls it makes, and which values each needs. The mapping has one table
for each, whose path and query use exactly these values; `rows` says where the rows of the answer
are, for calls that are read row by row.

    composed = \"fruit_by_worm\"

    [call.worms]
    v2   = \"GET /worms?name={worm}\"
    rows = \"$.worms\""

    223 UNKNOWN_SERVICE "no such service"
"`also_on` lists services that answered the operation too, on ports of their own. A service is one
that some operation names in `service`."

    301 NOT_REVERSIBLE "a request layout cannot be run backwards"
"A request's layout is the picture of the V1 body drawn from the V2 body, and is run backwards. That
is impossible where the V1 picture loses where something came from: a key taken from the body or
the request, an array around something that is itself drawn, a literal in place of the whole body,
one V2 value drawn from two places."

    302 STEP_NOT_REVERSIBLE "a step has no such direction"
"A request needs the V1 to V2 direction of a step, an answer the V2 to V1 direction. The step that
is used here has only the other one. For a second V1 name of one V2 member that is fine in
requests, as long as another V1 name of it can be reversed."

    303 TOO_MANY_DEFAULTS "too many defaults"
"A shape has at most 64 defaults in each direction, so that the members seen fit a machine word."

    304 UNSURE_LOOK_UP "a value that may not have been looked up"
"A look-up with `unless` is sometimes not made. What it takes cannot be part of the V2 path, or of
another look-up that is always made; only steps may use it."

    305 TOO_MANY_SHAPES "too many shapes in one body"
"One body can use at most 65,535 shapes."

    306 PAGES_NOT_ONE_LIST "pages of something that is no list"
"Pages are joined by drawing one list, row by row, while it streams. So `[response.200]` of an
operation with `[pages]` has a layout with one value in a member of the V2 body, without a step.

    [response.200]
    layout = '{ \"fruits\": $.fruits as Fruit }'"

    307 TWO_SOURCES "a layout with two sources"
"A layout draws from the V2 body (`$`), or from the kept answer of one look-up (`lookup.NAME`). The
body of the one streams while the other is held; drawing from both would hold both."

    401 UNUSED_SHAPE "a shape that nothing uses"
"No layout and no other used shape refers to this file. Rules that apply to nothing hide mistakes:
use it or delete it."

    402 NO_EFFECT "a rule without effect"
"A field that is not listed keeps its name and value, so `name = \"name\"` says nothing, unless
another V1 name has the same V2 source."

    403 MAPPED_AND_UNMAPPED "mapped, and listed as unmapped"
"`unmapped.toml` lists the V1 operations that have no file yet. This one has a file: delete its
line. The list only shrinks."

    404 UNUSED_WORDS "a list of words that nothing uses"
"No field of this shape says `words` with the name of this list."

    405 INTERRUPTED "what is left when a write fails half way"
"A V2 call that changes something is made behind another call. The second can fail when the first
was made already, so the mapping says what is left then, for the owner of a client who asks
whether to try again.

    interrupted = \"the fruit is still there: the look-up only reads\""

    501 NO_V1_OPERATION "no V1 document has this operation"
"`v1` of a mapping file names a method and a path that none of the V1 documents has. Either it is
misspelt, or it was never documented: then say `assumed` with the reason.

    assumed = \"servers had it; no document did\""

    502 NO_V2_OPERATION "no V2 document has this operation"
"`v2` of a mapping file, or of one of its look-ups, names a method and a path that V2 does not have.
Our own V2 document covers a part of the API only; what it lacks is asked of the reference, and is
reported as not checked where there is none."

    503 NO_V1_PARAMETER "no such parameter in V1"
"The name on the left in `[path]` or `[query]` is not one of the V1 operation in its document. A query
parameter that V1 servers took without documenting it is declared with `none: reason`, or as a
parameter that V2 has too."

    504 NO_V2_PARAMETER "no such parameter in V2"
"The name on the right in `[path]`, `[query]`, `[query_default]` or `[body_query]`, or in the braces of
`v2`, is not one of the V2 operation in any document that has it. V2 would ignore it."

    505 NO_V1_FIELD "no such field in V1"
"A shape names a V1 member that none of the V1 schemas has where the shape is used: a rule that applies
to nothing. It is misspelt, or belongs to another shape. A name that servers had and no document has is
listed with where it was seen.

    [undocumented]
    ripeness = \"recorded: servers sent it beside `ripe`\""

    506 NO_V2_FIELD "no such field in V2"
"A shape names a V2 member, to the right of `=` or in `[only_v2]` or `[kept_v2]`, that none of the V2
schemas has where the shape is used: a rule that applies to nothing."

    507 NO_WORD "no such word"
"A list of words names a value that the enumeration of its side does not have. V1 words stand on the
left, V2 words on the right."

    508 ROUTE_SHADOWED "no request reaches an operation"
"Another operation takes every request for this one: it has the same path with other parameter names,
or a service of its own hides it."

    509 DOCUMENTED "a documented name is called undocumented"
"`[undocumented]` of a shape lists names that servers had and no document has, so that they are not
taken for misspelt. This one is in a document: delete the line. The list only shrinks."

    510 OPERATION_FORGOTTEN "a V1 operation is forgotten"
"A V1 document has an operation that no mapping file knows. Write one, declare that V2 has nothing like
it with `v2 = \"none\"`, or list it in `unmapped.toml` while it waits."

    511 PARAMETER_FORGOTTEN "a V1 parameter is forgotten"
"A V1 document has a parameter that the mapping does not list. It would be dropped silently.

    [query]
    ripe  = \"is_ripe as bool\"
    force = \"none: V2 always does this\""

    512 FIELD_FORGOTTEN "a V1 field is forgotten"
"A V1 client may read this member of an answer, or send it in a request, and nothing says what becomes
of it. Give it a V2 name in `[fields]`, a value in `[v1_default]`, or a reason in `[only_v1]`."

    513 V2_ONLY_FIELD "a V2 field that V1 clients would get"
"V2 answers with a member that V1 does not have, and no rule says what becomes of it, so V1 clients get
it. Name it in `[only_v2]` to drop it, or in `[kept_v2]` to keep it, with the reason. An answer without
a shape needs one for this."

    514 STATUS_FORGOTTEN "a V1 status is forgotten"
"V1 answers success with this status, and no V2 status of the operation becomes it. Say `status` in its
`[response.…]`."

    515 STATUS_UNKNOWN "a status that V1 clients do not know"
"A V2 status of success reaches V1 clients as it is, and V1 does not declare it for the operation.

    [response.204]
    status = 200"

    516 V2_REQUIRES "V2 requires what V1 never sends"
"A member that V2 requires in a request has no V1 member that becomes it and no `[v2_default]`, so every
such request would be refused."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_none_is_used_twice() {
        assert!(PAGES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }

    #[test]
    fn a_page_is_found_by_its_code() {
        assert_eq!(page("M201").unwrap().code, UNKNOWN_SHAPE);
        assert_eq!(page("m201").unwrap().title, "no such shape");
        assert!(page("M999").is_none());
    }
}
