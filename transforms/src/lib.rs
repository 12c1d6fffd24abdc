//! Reads V1/V2 mappings, matches routes and rewrites JSON bodies as they stream by.
//!
//! This crate knows *how* to rewrite, never *what*: which fields exist and how two API
//! generations differ is data, read from mapping files. It does no I/O and knows no clock.
//!
//! ```text
//! mapping files ─parse─▶ MappingSet ─compile─▶ Mappings (routes + plans) ─▶ BodyRewriter
//! ```
//!
//! The whole way of one request and its answer:
//!
//! ```
//! use std::sync::Arc;
//!
//! use windlass_transforms::plan::operation::Kind;
//! use windlass_transforms::rewrite::{BodyRewriter, Limits};
//! use windlass_transforms::route::Route;
//! use windlass_transforms::{MappingSet, Mappings};
//!
//! let set = MappingSet::parse([
//!     (
//!         "operations/fruit/get_fruit.toml",
//!         r#"
//!         summary = "Look up a fruit. V1 answers with an array of one."
//!         v1 = "GET /fruit/{fruitId}"
//!         v2 = "GET /fruits/{fruit_id}"
//!
//!         [path]
//!         fruitId = "fruit_id"
//!
//!         [query]
//!         withSeeds = "with_seeds as bool"
//!
//!         [response.200]
//!         layout = "[ $ as Fruit ]"
//!         "#,
//!     ),
//!     (
//!         "shapes/Fruit.toml",
//!         r#"
//!         summary = "A fruit."
//!         [fields]
//!         ripeSince = "ripe_since"
//!         [only_v2]
//!         seed_count = "new in V2"
//!         "#,
//!     ),
//! ])
//! .expect("the files can be read");
//! let mappings = Mappings::compile(&set, &[]).expect("the files make sense");
//!
//! let Route::Found { operation, values } = mappings.routes().find(&http::Method::GET, "/fruit/7")
//! else {
//!     panic!("the path is mapped");
//! };
//! let Kind::Call(plan) = &operation.kind else {
//!     panic!("the operation is a V2 call");
//! };
//! let query = Some("withSeeds=True");
//! let context = Arc::new(plan.context(&values, query, serde_json::Map::new()));
//! let call = plan.call(&values, query, None, &context.looked_up).expect("all values are there");
//! assert_eq!(call.path_and_query, "/v2/fruits/7?with_seeds=true");
//!
//! let answer = plan.response(200);
//! let mut rewriter = BodyRewriter::new(answer.body, context, Limits::default());
//! let mut body = Vec::new();
//! for bytes in [r#"{"id":7,"ripe_si"#, r#"nce":"May","seed_count":3}"#] {
//!     rewriter.push(bytes.as_bytes(), &mut body)?;
//! }
//! rewriter.finish(&mut body)?;
//! assert_eq!(body, br#"[{"id":7,"ripeSince":"May"}]"#);
//! # Ok::<(), windlass_transforms::rewrite::RewriteError>(())
//! ```

pub mod compare;
pub mod compile;
pub mod composition;
pub mod diagnostic;
pub mod document;
pub mod exchange;
pub mod mapping;
pub mod operation;
pub mod plan;
pub mod rewrite;
pub mod route;
pub mod step;

pub use compile::Mappings;
pub use mapping::MappingSet;
