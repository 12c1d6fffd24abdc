//! Mapping files from text to plans: what they say, what is wrong with them, and what a
//! request becomes by them.

// `cfg(test)` tells the lints that everything in here is a test.
#[cfg(test)]
mod against_documents;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod composed;
#[cfg(test)]
mod diagnostics;
#[cfg(test)]
mod explanations;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod set;
