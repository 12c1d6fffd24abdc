//! Answers that no upstream gave: the only place where a response is invented.
//!
//! A [`Failure`] says what went wrong, and on which side. It becomes an [`Answer`] in the form
//! that clients of its API generation read: V1 servers sent `{"message", "httpcode", "detail"}`
//! for what they refused, `application/problem+json` for what they could not route or read, and
//! a 401 with an HTML body; the forms are those of recorded V1 answers.
//!
//! V1 servers told an unknown path and a wrong method even to callers without credentials, and
//! asked those for credentials before they looked at anything else; some clients send none
//! until they are asked. So what the proxy refuses by itself (an operation that is removed or
//! not mapped, a request that cannot be read) is a 401 as long as no credentials are sent.
//! Whether credentials are right is for the upstream to say.

mod answer;
mod failure;
mod kind;

pub(crate) use answer::{Answer, challenge};
pub(crate) use failure::Failure;
pub(crate) use kind::Kind;

#[cfg(test)]
mod tests {
    use http::{Method, header};
    use pingora::{Error, ErrorType};
    use serde_json::{Value, json};
    use windlass_transforms::exchange::{Generation, Outcome};
    use windlass_transforms::rewrite::RewriteError;
    use windlass_transforms::step::StepError;

    use super::*;

    fn body(failure: &Failure, generation: Generation) -> (u16, Value) {
        let (head, body) = failure
            .answer(generation, Some("get_image"))
            .unwrap()
            .into_parts()
            .unwrap();
        (head.status.as_u16(), serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn v1_errors_carry_message_httpcode_and_an_object_as_detail() {
        let failure = Failure::wrong_answer("no");
        let (status, body) = body(&failure, Generation::V1);
        assert_eq!(status, 502);
        assert_eq!(
            body,
            json!({"message": "no", "httpcode": 502,
                   "detail": {"error_codes": [], "v1_operation": "get_image"}})
        );
    }

    #[test]
    fn v2_errors_are_the_union_that_v2_clients_read() {
        let failure = Failure::new(Kind::UpstreamTimeout, "slow");
        let (status, body) = body(&failure, Generation::V2);
        assert_eq!(status, 504);
        assert_eq!(
            body,
            json!({"code": 504, "error_type": "upstream_timeout", "message": "slow",
                   "httpcode": 504, "detail": {"error_codes": []}})
        );
    }

    #[test]
    fn unknown_routes_and_wrong_methods_are_problems_with_the_texts_clients_look_for() {
        let (status, unknown) = body(&Failure::unknown_route(), Generation::V1);
        assert_eq!(status, 404);
        assert_eq!(unknown["title"], "Not Found");
        assert!(
            unknown["detail"]
                .as_str()
                .unwrap()
                .starts_with("The requested URL was not found")
        );
        let failure = Failure::wrong_method(vec![Method::GET, Method::HEAD]);
        let (status, wrong) = body(&failure, Generation::V1);
        assert_eq!(status, 405);
        assert_eq!(wrong["detail"], "Method Not Allowed");
        let (head, _) = failure
            .answer(Generation::V1, None)
            .unwrap()
            .into_parts()
            .unwrap();
        assert_eq!(head.headers[header::ALLOW], "GET, HEAD");
    }

    #[test]
    fn nobody_is_answered_when_the_client_is_gone() {
        let failure = Failure::downstream(Error::new(ErrorType::ConnectionClosed));
        assert!(failure.answer(Generation::V1, None).is_none());
        assert_eq!(failure.outcome(), Outcome::Failed);
    }

    #[test]
    fn a_step_that_refuses_decides_the_status() {
        let failure = Failure::response_body(RewriteError::Step {
            step: "check".into(),
            error: StepError::refused(404, "image is not analyzed"),
        });
        assert_eq!(failure.status().unwrap(), 404);
        assert_eq!(failure.outcome(), Outcome::Refused);
    }
}
