//! The interface for programs.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::web::site::Site;

/// Addresses for programs.
pub(super) fn router() -> Router<Arc<Site>> {
    Router::new().route("/healthz", get(health))
}

/// Whether the server answers; it says nothing of the register, which costs too much to ask for every few seconds.
async fn health() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n").into_response()
}
