//! The sign page: what each address answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use crate::compliance::person::Language;
use crate::signature::link::{LinkRefusal, Nonce, Pass, Token};
use crate::text::letters::unreadable;
use crate::web::api;
use crate::web::clerk::ClerkError;
use crate::web::form::Form;
use crate::web::guard;
use crate::web::log::{self, Line};
use crate::web::site::Site;
use crate::web::view::{self, Attempt, Faults};
use crate::workflow::acknowledge::{self, HandoverFault, NameFault, Signer};
use crate::workflow::answer::{self, Closed, CodeWish, Handover, Signing};
use crate::workflow::desk::{Desk, no_mail};
use crate::workflow::outbox::Office;
use crate::workflow::register::{Register, RegisterError};

/// Largest form that is read, in bytes: a name and a reason, with room.
const LARGEST_FORM: usize = 32 * 1024;
/// Longest reason, in characters.
const LONGEST_REASON: usize = 2000;
/// How long an answer may take altogether.
const WHOLE_TIME: Duration = Duration::from_secs(30);

/// The other end of the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who asks, as far as is known.
struct Asker {
    address: String,
    agent: Option<String>,
    language: Language,
    is_own_form: bool,
}

type Shared = State<Arc<Site>>;

/// Everything that is answered.
pub(super) fn router(site: Arc<Site>) -> Router {
    let at = |path: &str| format!("{}{path}", site.base);
    Router::new()
        .route(&at("{token}"), get(show).post(sign))
        .route(&at("{token}/policy.pdf"), get(pdf))
        .route(&at("{token}/policy.html"), get(text))
        .route(&at("{token}/decline"), get(back).post(decline))
        .route(&at("{token}/handover"), get(back).post(hand_over))
        .route(&at("done/{pass}"), get(done))
        .route(&at("done/{pass}/receipt.zip"), get(receipt))
        .route(&at("style/{name}"), get(style))
        .merge(api::router())
        .fallback(nothing)
        .layer(from_fn_with_state(site.clone(), around))
        .with_state(site)
}

/// What is done around every answer: limits, the time it may take, what the browser is told, and one line in the log.
async fn around(State(site): Shared, mut request: Request, next: Next) -> Response {
    let start = crate::clock::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let headers = request.headers();
    let address = peer.map(|peer| guard::origin_of(peer, headers, &site.proxies));
    let asker = Asker {
        address: address.map(|address| address.to_string()).unwrap_or_default(),
        agent: headers.get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        language: language(headers),
        is_own_form: guard::is_own_form(headers, &site.origin),
    };
    let asked_in = asker.language;
    let is_program = route.starts_with(api::ROOT) || request.uri().path().starts_with(api::ROOT) || route == "/healthz";
    let mut response = if address.is_some_and(|address| !site.limits.admits(address)) {
        too_many(&site, asked_in, is_program)
    } else {
        request.extensions_mut().insert(Arc::new(asker));
        match tokio::time::timeout(WHOLE_TIME, next.run(request)).await {
            Ok(response) => response,
            Err(_) if is_program => api::busy(),
            Err(_) => notice(&site, StatusCode::SERVICE_UNAVAILABLE, asked_in, &view::notice("busy")),
        }
    };
    guard::dress(response.headers_mut(), site.is_https());
    let ms = u64::try_from(crate::clock::now().millis() - start.millis()).unwrap_or(0);
    log::write(Line::Request { method: method.as_str(), route: &route, status: response.status().as_u16(), ms });
    response
}

async fn show(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    let asker = asker(&request);
    match link(&site, &asker, &token) {
        Ok(token) => page(&site, &asker, token, StatusCode::OK, Attempt::default()).await,
        Err(refused) => *refused,
    }
}

/// Somebody reloads the page that a form led to: the page of the link is what they mean.
async fn back(State(site): Shared, Path(token): Path<String>) -> Response {
    match Token::parse(&token) {
        Some(token) => see_other(&format!("{}{}", site.base, token.text())),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn sign(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    let (asker, token, form) = match form(&site, &token, request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let Some(nonce) = Nonce::parse(form.get("nonce")) else { return no_nonce(&site, &asker, &token) };
    let fault = match acknowledge::name(form.get("name")) {
        Ok(_) => None,
        Err(NameFault::Missing) => Some("missing"),
        Err(NameFault::Long) => Some("long"),
        Err(NameFault::Unreadable) => Some("unreadable"),
    };
    if fault.is_some() {
        let faults = Faults { name: fault, ..Faults::default() };
        return page(&site, &asker, token, StatusCode::UNPROCESSABLE_ENTITY, Attempt { form, faults, panel: None }).await;
    }
    let signer = Signer { typed_name: form.get("name").to_owned(), address: Some(asker.address.clone()), agent: asker.agent.clone() };
    let code = form.get("code").to_owned();
    let answer = at_counter(&site, &token, move |register, office, token| {
        Ok(match answer::sign(register, office, token, &nonce, &signer, Some(&code))? {
            Ok(Signing::Signed(request)) => Ok(Ok(answer::pass(register, office, &request))),
            Ok(Signing::Code(wish)) => Ok(Err(wish)),
            Err(closed) => Err(closed),
        })
    });
    match answer.await {
        Ok(Ok(Ok(pass))) => to_result(&site, &pass),
        Ok(Ok(Err(wish))) => {
            let (code, code_left) = match wish {
                CodeWish::Sent => (None, None),
                CodeWish::Wrong(left) => (Some("wrong"), Some(left)),
                CodeWish::Expired => (Some("expired"), None),
                CodeWish::TooMany => (Some("sent_too_often"), None),
            };
            site.mail_waits.notify_one();
            let status = if code.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            page(&site, &asker, token, status, Attempt { form, faults: Faults { code, code_left, ..Faults::default() }, panel: None }).await
        }
        Ok(Err(closed)) => shut(&site, &asker, &token, &closed),
        // The rules do not allow it: who has left, or may not sign for the company any more.
        Err(ClerkError::Register(RegisterError::Refused { .. })) => notice(&site, StatusCode::FORBIDDEN, asker.language, &view::notice("not_allowed")),
        Err(error) => failed(&site, &asker, "signing", &error),
    }
}

async fn decline(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    let (asker, token, form) = match form(&site, &token, request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let Some(nonce) = Nonce::parse(form.get("nonce")) else { return no_nonce(&site, &asker, &token) };
    let reason = readable(form.get("reason"));
    let fault = if reason.is_empty() { Some("missing") } else { too_long(&reason) };
    if fault.is_some() {
        let faults = Faults { reason: fault, ..Faults::default() };
        return page(&site, &asker, token, StatusCode::UNPROCESSABLE_ENTITY, Attempt { form, faults, panel: Some("decline") }).await;
    }
    let answer = at_counter(&site, &token, move |register, office, token| {
        let declined = answer::decline(register, office, token, &nonce, &reason)?;
        Ok(declined.map(|request| answer::pass(register, office, &request)))
    });
    match answer.await {
        Ok(Ok(pass)) => to_result(&site, &pass),
        Ok(Err(closed)) => shut(&site, &asker, &token, &closed),
        Err(error) => failed(&site, &asker, "declining", &error),
    }
}

async fn hand_over(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    let (asker, token, form) = match form(&site, &token, request).await {
        Ok(read) => read,
        Err(refused) => return *refused,
    };
    let Some(nonce) = Nonce::parse(form.get("nonce")) else { return no_nonce(&site, &asker, &token) };
    let (email, reason) = (form.get("email").trim().to_owned(), readable(form.get("handover_reason")));
    let faults = Faults { email: email.is_empty().then_some("missing"), handover_reason: too_long(&reason), ..Faults::default() };
    let again = |form, faults| page(&site, &asker, token.clone(), StatusCode::UNPROCESSABLE_ENTITY, Attempt { form, faults, panel: Some("handover") });
    if faults.email.or(faults.handover_reason).is_some() {
        return again(form, faults).await;
    }
    let reason = if reason.is_empty() { "handed over on the sign page".to_owned() } else { reason };
    let answer = at_counter(&site, &token, move |register, office, token| {
        Ok(match answer::hand_over(register, office, token, &nonce, &email, &reason)? {
            Ok(Handover::Done(request)) => Ok(Ok(answer::pass(register, office, &request))),
            Ok(Handover::Unknown | Handover::Fault(HandoverFault::Elsewhere(..))) => Ok(Err("unknown")),
            Ok(Handover::Fault(HandoverFault::Same(_))) => Ok(Err("self")),
            Ok(Handover::Fault(HandoverFault::Inactive(_))) => Ok(Err("inactive")),
            Ok(Handover::Fault(HandoverFault::NoSignatory(_))) => Ok(Err("not_signatory")),
            Ok(Handover::Fault(HandoverFault::HasSigned(_))) => Ok(Err("has_it")),
            Err(closed) => Err(closed),
        })
    });
    match answer.await {
        Ok(Ok(Ok(pass))) => to_result(&site, &pass),
        Ok(Ok(Err(fault))) => again(form, Faults { email: Some(fault), ..Faults::default() }).await,
        Ok(Err(closed)) => shut(&site, &asker, &token, &closed),
        Err(error) => failed(&site, &asker, "handing over", &error),
    }
}

async fn pdf(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    policy_file(&site, &asker(&request), &token, true).await
}

async fn text(State(site): Shared, Path(token): Path<String>, request: Request) -> Response {
    policy_file(&site, &asker(&request), &token, false).await
}

async fn done(State(site): Shared, Path(pass): Path<String>, request: Request) -> Response {
    let asker = asker(&request);
    match answered(&site, &pass).await {
        Ok(Some(answered)) => html(&site, StatusCode::OK, "done", answered.person.language, &view::done(&site, &answered, &pass)),
        Ok(None) => notice(&site, StatusCode::NOT_FOUND, asker.language, &view::notice("unknown")),
        Err(error) => failed(&site, &asker, "showing a result", &error),
    }
}

async fn receipt(State(site): Shared, Path(pass): Path<String>, request: Request) -> Response {
    let asker = asker(&request);
    let request = match answered(&site, &pass).await {
        Ok(Some(answered)) if answered.fate == answer::Fate::Signed => answered.request.request,
        Ok(_) => return notice(&site, StatusCode::NOT_FOUND, asker.language, &view::notice("unknown")),
        Err(error) => return failed(&site, &asker, "showing a result", &error),
    };
    let name = view::receipt_name(&request);
    match site.receipt(request).await {
        Ok(bytes) => file(bytes, "application/zip", Some(&name)),
        Err(error) => failed(&site, &asker, "making a receipt", &error),
    }
}

async fn style(State(site): Shared, Path(name): Path<String>) -> Response {
    if !site.style_path.ends_with(&format!("/{name}")) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut response = file(site.style.clone().into_bytes(), "text/css; charset=utf-8", None);
    // Its name is its digest.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

async fn nothing(State(site): Shared, request: Request) -> Response {
    let language = asker(&request).language;
    if request.uri().path().starts_with(api::ROOT) {
        return api::problem(StatusCode::NOT_FOUND, "there is nothing here; `/api/v1/openapi.json` says what there is");
    }
    notice(&site, StatusCode::NOT_FOUND, language, &view::notice("unknown"))
}

fn asker(request: &Request) -> Arc<Asker> {
    let unknown = || Arc::new(Asker { address: String::new(), agent: None, language: Language::En, is_own_form: false });
    request.extensions().get::<Arc<Asker>>().cloned().unwrap_or_else(unknown)
}

/// German for who reads German rather than English, as far as the browser says; English otherwise.
fn language(headers: &HeaderMap) -> Language {
    let said = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let first = said.split(',').map(|range| range.trim().chars().take(2).collect::<String>()).find(|range| range == "en" || range == "de");
    if first.as_deref() == Some("de") { Language::De } else { Language::En }
}

/// The token in an address, unless it is none, or was asked for too often.
fn link(site: &Site, asker: &Asker, text: &str) -> Result<Token, Box<Response>> {
    let token = Token::parse(text).ok_or_else(|| Box::new(notice(site, StatusCode::NOT_FOUND, asker.language, &view::notice("unknown"))))?;
    if site.limits.admits_link(&token.digest()) { Ok(token) } else { Err(Box::new(too_many(site, asker.language, false))) }
}

/// Reads the form of a POST.
async fn form(site: &Site, token: &str, request: Request) -> Result<(Arc<Asker>, Token, Form), Box<Response>> {
    let asker = asker(&request);
    let refuse = |status, kind| Box::new(notice(site, status, asker.language, &view::notice(kind)));
    let token = link(site, &asker, token)?;
    if !asker.is_own_form {
        return Err(refuse(StatusCode::FORBIDDEN, "malformed"));
    }
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "malformed"));
    }
    let body = to_bytes(request.into_body(), LARGEST_FORM).await.map_err(|_| refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_large"))?;
    let form = Form::read(&body).ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "malformed"))?;
    Ok((asker, token, form))
}

/// Has something done with the register that a link is about.
async fn at_counter<T: Send + 'static>(
    site: &Site,
    token: &Token,
    work: impl FnOnce(&mut Register, &Office, &Token) -> Result<T, RegisterError> + Send + 'static,
) -> Result<T, ClerkError> {
    let token = token.clone();
    site.counter
        .ask(move |desk: &mut Desk| {
            let (register, office) = desk.mailing();
            work(register, office.ok_or_else(no_mail)?, &token)
        })
        .await
}

/// The page of a link, as it is now.
async fn page(site: &Site, asker: &Asker, token: Token, status: StatusCode, attempt: Attempt) -> Response {
    let opened = at_counter(site, &token, |register, office, token| {
        let opened = answer::open(register, office, token)?;
        let now = register.edge().now();
        Ok(opened.map(|opened| {
            let today = register.state().book.day_of(&opened.shown.person, now);
            (opened, today)
        }))
    });
    let (opened, today) = match opened.await {
        Ok(Ok(opened)) => opened,
        Ok(Err(closed)) => return shut(site, asker, &token, &closed),
        Err(error) => return failed(site, asker, "opening a link", &error),
    };
    match site.text(&opened.shown.policy).await {
        Ok(text) => {
            let values = view::sign(site, &opened, &text, &address(site, &token), today, &attempt);
            html(site, status, "sign", opened.shown.person.language, &values)
        }
        Err(error) => failed(site, asker, "reading a policy", &error),
    }
}

/// The bytes of a policy, as they were published.
async fn policy_file(site: &Site, asker: &Asker, token: &str, is_pdf: bool) -> Response {
    let token = match link(site, asker, token) {
        Ok(token) => token,
        Err(refused) => return *refused,
    };
    let policy = match at_counter(site, &token, |register, office, token| Ok(answer::open(register, office, token)?.map(|opened| opened.shown.policy))).await {
        Ok(Ok(policy)) => policy,
        Ok(Err(closed)) => return shut(site, asker, &token, &closed),
        Err(error) => return failed(site, asker, "opening a link", &error),
    };
    let text = match site.text(&policy).await {
        Ok(text) => text,
        Err(error) => return failed(site, asker, "reading a policy", &error),
    };
    let name = |extension: &str| format!("{}-{}.{extension}", policy.policy, policy.version);
    if is_pdf {
        return file(text.pdf.clone(), "application/pdf", Some(&name("pdf")));
    }
    let mut response = file(text.html.clone(), "text/html; charset=utf-8", None);
    let own = format!("default-src 'none'; style-src 'sha256-{}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'", text.style);
    if let Ok(own) = HeaderValue::from_str(&own) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, own);
    }
    response
}

async fn answered(site: &Site, pass: &str) -> Result<Option<answer::Answered>, ClerkError> {
    let Some(pass) = Pass::parse(pass) else { return Ok(None) };
    site.counter
        .ask(move |desk: &mut Desk| {
            let (register, office) = desk.mailing();
            answer::result(register, office.ok_or_else(no_mail)?, &pass)
        })
        .await
}

/// The path of a link's page.
fn address(site: &Site, token: &Token) -> String {
    format!("{}{}", site.base, token.text())
}

/// Leads to the page that says what became of an answer, so that a reload sends nothing again.
fn to_result(site: &Site, pass: &Pass) -> Response {
    site.mail_waits.notify_one();
    see_other(&format!("{}done/{}", site.base, pass.text()))
}

fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// A form without a nonce of ours is of no page that was shown.
fn no_nonce(site: &Site, asker: &Asker, token: &Token) -> Response {
    let closed = Closed { why: LinkRefusal::Nonce, language: Some(asker.language), fate: None, expired: None, newer: None };
    shut(site, asker, token, &closed)
}

/// A link that leads nowhere.
fn shut(site: &Site, asker: &Asker, token: &Token, closed: &Closed) -> Response {
    let status = match closed.why {
        LinkRefusal::Unknown => StatusCode::NOT_FOUND,
        LinkRefusal::Nonce => StatusCode::CONFLICT,
        _ => StatusCode::GONE,
    };
    notice(site, status, closed.language.unwrap_or(asker.language), &view::closed(site, closed, &address(site, token)))
}

/// Something did not work, which the log says and the page does not.
fn failed(site: &Site, asker: &Asker, doing: &str, error: &ClerkError) -> Response {
    let (status, kind) = match error {
        ClerkError::Busy | ClerkError::Register(RegisterError::Store(crate::store::StoreError::Locked { .. })) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        log::write(Line::Fault { doing, what: error.to_string() });
    }
    let mut response = notice(site, status, asker.language, &view::notice(kind));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    }
    response
}

fn too_many(site: &Site, language: Language, is_program: bool) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = if is_program { api::problem(status, "too many requests") } else { notice(site, status, language, &view::notice("too_many")) };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

fn notice(site: &Site, status: StatusCode, language: Language, values: &Value) -> Response {
    html(site, status, "notice", language, values)
}

/// Fills the template of a page.
fn html(site: &Site, status: StatusCode, name: &str, language: Language, values: &Value) -> Response {
    let mut whole = site.frame.clone();
    whole["language"] = language.tag().into();
    whole["style"] = site.style_path.as_str().into();
    if let (Some(whole), Some(values)) = (whole.as_object_mut(), values.as_object()) {
        whole.extend(values.clone());
    }
    match site.pages.render(&format!("web/{name}.{}.html", language.tag()), &whole) {
        Ok(page) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_LANGUAGE, language.tag())], page).into_response(),
        Err(error) => {
            log::write(Line::Fault { doing: "filling a page", what: error.to_string() });
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn file(bytes: Vec<u8>, media_type: &'static str, save_as: Option<&str>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Some(Ok(disposition)) = save_as.map(|name| HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A reason as it is recorded: without what cannot be seen.
fn readable(text: &str) -> String {
    let seen: String = text.chars().filter(|c| *c == '\n' || unreadable(&c.to_string()).is_empty()).collect();
    seen.trim().to_owned()
}

fn too_long(reason: &str) -> Option<&'static str> {
    (reason.chars().count() > LONGEST_REASON).then_some("long")
}
