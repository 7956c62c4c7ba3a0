//! The interface for programs: the gate, its description (OpenAPI 3.1), and whether the server is well.
//!
//! Errors are problem details (RFC 9457); tokens are bearer tokens (RFC 6750).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::base::date::Date;
use crate::record::access::{AccessRefusal, AccessScope};
use crate::record::gate::{self, GateAnswer, UnknownSubject};
use crate::store::StoreError;
use crate::web::clerk::ClerkError;
use crate::web::log::{self, Line};
use crate::web::site::Site;
use crate::workflow::desk::Desk;
use crate::workflow::register::RegisterError;

/// Where the interface begins.
pub(super) const ROOT: &str = "/api/";
/// Longest id or address that is asked about, in characters.
const LONGEST: usize = 254;

/// Addresses for programs.
pub(super) fn router() -> Router<Arc<Site>> {
    Router::new().route("/healthz", get(health)).route("/api/v1/openapi.json", get(description)).route("/api/v1/gate", get(ask_gate))
}

/// Whether the server answers; it says nothing of the register, which costs too much to ask for every few seconds.
async fn health() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n").into_response()
}

async fn description(State(site): State<Arc<Site>>) -> Response {
    body(StatusCode::OK, "application/json", &openapi(&site.origin))
}

/// What is asked of the gate.
struct Question {
    supplier: String,
    person: Option<String>,
    as_of: Option<Date>,
}

impl Question {
    /// Reads a query; what is not ours, or is said twice, is refused.
    fn read(query: &str) -> Result<Self, String> {
        let (mut supplier, mut person, mut as_of) = (None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() || value.chars().count() > LONGEST || value.contains(char::is_control) || value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(format!("`{name}` must have 1 to {LONGEST} characters, none of them a control character"));
            }
            let twice = match name.as_ref() {
                "supplier" => supplier.replace(value.into_owned()).is_some(),
                "person" => person.replace(value.into_owned()).is_some(),
                "as_of" => as_of.replace(value.parse::<Date>().map_err(|error| error.to_string())?).is_some(),
                _ => return Err("the parameters are `supplier`, `person` and `as_of`".to_owned()),
            };
            if twice {
                return Err(format!("`{name}` is there twice"));
            }
        }
        Ok(Self { supplier: supplier.ok_or("`supplier` is missing")?, person, as_of })
    }
}

/// Why the gate gives no answer.
enum NoAnswer {
    Access(AccessRefusal),
    Unknown(UnknownSubject),
}

async fn ask_gate(State(site): State<Arc<Site>>, request: Request) -> Response {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some(token) = bearer.map(|(_, token)| token.trim().to_owned()) else { return unauthorised() };
    let question = Question::read(request.uri().query().unwrap_or_default());
    // A day that is over may need the whole ledger: that is no work for who takes signatures.
    let clerk = if question.as_ref().is_ok_and(|question| question.as_of.is_some()) { &site.press } else { &site.counter };
    let answer = clerk.ask(move |desk: &mut Desk| {
        let now = desk.register().edge().now();
        let (state, view) = desk.register_mut().look()?;
        drop(view);
        let asked = question.as_ref().map_or("", |question| question.supplier.as_str());
        let refusal = state.access.check(&token, AccessScope::Gate, asked, now.date()).err();
        // Whoever is not let in learns nothing, not even what is wrong with the question.
        let question = match (refusal, question) {
            (Some(AccessRefusal::Unknown), _) => return Ok(Err(Ok(NoAnswer::Access(AccessRefusal::Unknown)))),
            (_, Err(fault)) => return Ok(Err(Err(fault))),
            (Some(refusal), _) => return Ok(Err(Ok(NoAnswer::Access(refusal)))),
            (None, Ok(question)) => question,
        };
        let state = desk.register_mut().as_of(question.as_of, None)?;
        let answer = gate::gate(&state, &question.supplier, question.person.as_deref(), question.as_of, now);
        Ok(answer.map_err(|unknown| Ok(NoAnswer::Unknown(unknown))))
    });
    match answer.await {
        Ok(Ok(answer)) => body(StatusCode::OK, "application/json", &json!(answer)),
        Ok(Err(Ok(NoAnswer::Access(AccessRefusal::Unknown)))) => unauthorised(),
        Ok(Err(Ok(NoAnswer::Access(AccessRefusal::Scope)))) => problem(StatusCode::FORBIDDEN, "the token is not for this"),
        Ok(Err(Ok(NoAnswer::Unknown(unknown)))) => problem(StatusCode::NOT_FOUND, &unknown.to_string()),
        Ok(Err(Err(fault))) => problem(StatusCode::BAD_REQUEST, &fault),
        Err(ClerkError::Busy | ClerkError::Register(RegisterError::Store(StoreError::Locked { .. }))) => busy(),
        Err(error) => {
            log::write(Line::Fault { doing: "asking the gate", what: error.to_string() });
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the register cannot be read")
        }
    }
}

fn unauthorised() -> Response {
    let mut response = problem(StatusCode::UNAUTHORIZED, "a good bearer token is needed");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Too much waits.
pub(super) fn busy() -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "too much waits");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    response
}

/// A problem, as RFC 9457 has it.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    body(status, "application/problem+json", &json!({ "title": title, "status": status.as_u16(), "detail": detail }))
}

fn body(status: StatusCode, media_type: &'static str, value: &Value) -> Response {
    let mut response = Response::new(Body::from(format!("{value}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// The description of the interface.
fn openapi(origin: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let answer = generator.subschema_for::<GateAnswer>();
    let mut schemas = generator.take_definitions(true);
    schemas.insert(
        "Problem".to_owned(),
        json!({
            "type": "object", "description": "Why there is no answer (RFC 9457).", "required": ["title", "status", "detail"],
            "properties": { "title": { "type": "string" }, "status": { "type": "integer" }, "detail": { "type": "string" } },
        }),
    );
    let problem = |description: &str| json!({ "description": description, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    let text = json!({ "type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[^\\u0000-\\u001F\\u007F-\\u009F\\uFFFD]+$" });
    let parameter = |name: &str, required: bool, description: &str, schema: &Value| json!({ "name": name, "in": "query", "required": required, "description": description, "schema": schema });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "countersign",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Asks whether a supplier, or a person of it, may have access today.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": origin }],
        "paths": {
            "/api/v1/gate": {
                "get": {
                    "operationId": "askGate",
                    "summary": "Ask whether access may be given",
                    "description": "Pack executed, supplier assessed, no hold open, policies acknowledged, training current; every check with its reason. The answer is computed from what was recorded; it is never older than the question.",
                    "security": [{ "token": [] }],
                    "parameters": [
                        parameter("supplier", true, "Id of the supplier.", &text),
                        parameter("person", false, "Id or e-mail address of a person.", &text),
                        parameter("as_of", false, "The day that is asked about; today when absent.", &json!({ "type": "string", "format": "date" })),
                    ],
                    "responses": {
                        "200": { "description": "The answer, yes or no.", "content": { "application/json": { "schema": answer } } },
                        "400": problem("The question is malformed."),
                        "401": problem("The token is missing or not good."),
                        "403": problem("The token is for something else."),
                        "404": problem("The register knows no such supplier or person."),
                        "429": problem("Too many requests."),
                        "500": problem("The register cannot be read."),
                        "503": problem("Too much waits."),
                    },
                },
            },
            "/api/v1/openapi.json": {
                "get": {
                    "operationId": "describe",
                    "summary": "This description",
                    "responses": {
                        "200": { "description": "OpenAPI 3.1.", "content": { "application/json": { "schema": { "type": "object" } } } },
                        "429": problem("Too many requests."),
                    },
                },
            },
            "/healthz": {
                "get": {
                    "operationId": "health",
                    "summary": "Whether the server answers",
                    "responses": {
                        "200": { "description": "It does.", "content": { "text/plain": { "schema": { "type": "string" } } } },
                        "429": problem("Too many requests."),
                    },
                },
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "`countersign token issue` writes one." } },
        },
    })
}
