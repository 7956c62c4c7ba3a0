//! The server: connections, TLS, time limits, and a quiet end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::contract::settings::WebSettings;
use crate::project::{folder, register as files};
use crate::web::log::{self, Line};
use crate::web::sign;
use crate::web::site::Site;
use crate::workflow::desk;
use crate::workflow::register::{Edge, RegisterError};

/// Connections at once; more wait.
const MOST_CONNECTIONS: usize = 1024;
/// How long a browser may take to say hello, and for the head of each request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long requests that are under way may take once the server stops.
const LAST_TIME: Duration = Duration::from_secs(10);
/// Largest head of a request, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// Seconds after which mails that were put off are looked at again.
const MAIL_SECS: u64 = 30;

/// What the command line says beside `countersign.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where to listen, in place of `web.listen`.
    pub listen: Option<SocketAddr>,
    /// Whether codes and receipts are mailed from here.
    pub mails: bool,
    /// Password of the mail relay, out of the environment.
    pub password: Option<String>,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Register or workspace.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate or key.
    #[error("{file}: {why}")]
    Tls {
        /// The setting, or its file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The system gives no threads.
    #[error("the server cannot start: {0}")]
    System(std::io::Error),
}

impl ServeError {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Register(_) => "`countersign check` and `countersign ledger verify` say more",
            Self::Listen { .. } => "see whether another program listens there, and whether you may; ports below 1024 need a privilege",
            Self::Tls { .. } => "correct `web.certificate` and `web.key` in `countersign.yaml`: files in PEM form, the key readable by its owner only",
            Self::System(_) => "see whether the system limits threads",
        }
    }
}

impl From<crate::project::DiskError> for ServeError {
    fn from(error: crate::project::DiskError) -> Self {
        Self::Register(error.into())
    }
}

/// A server that runs.
pub struct Running {
    runtime: Runtime,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// Starts the sign page of a workspace.
///
/// # Errors
/// [`ServeError`]; nothing runs then.
pub fn start(root: &Path, edge: &Edge, options: &Options) -> Result<Running, ServeError> {
    // The register is opened once here, so that one that does not hold is noticed before anybody is let in.
    desk::Desk::open(root, edge.clone())?;
    let workspace = desk::read(root)?;
    let settings = &workspace.web;
    let unclear = |text: &str| RegisterError::refused(format!("`{text}` is nothing to listen on"), "correct `web.listen` in `countersign.yaml`");
    let address = match options.listen {
        Some(address) => address,
        None => settings.address().map_err(unclear)?,
    };
    let tls = acceptor(root, settings)?;
    let site = Arc::new(Site::new(root, edge, &workspace, options)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(ServeError::System)?;
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(|source| ServeError::Listen { address, source })?;
    let address = listener.local_addr().map_err(|source| ServeError::Listen { address, source })?;
    log::write(Line::Listening { address: address.to_string(), tls: tls.is_some() });
    let (stop, stopped) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    runtime.spawn(housekeeping(site.clone()));
    runtime.spawn(async move {
        serve(listener, tls, sign::router(site.clone()), stopped).await;
        // Whoever signed in the last moment gets the receipt now rather than at the next start.
        let _ = tokio::time::timeout(LAST_TIME, site.send_mails()).await;
        let _ = end.send(());
    });
    Ok(Running { runtime, address, stop, ended })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, finishes those under way, and ends.
    pub fn stop(self) {
        log::write(Line::Stopping);
        let Self { runtime, stop, ended, .. } = self;
        let _ = stop.send(());
        let _ = runtime.block_on(ended);
        runtime.shutdown_timeout(Duration::from_secs(1));
        log::write(Line::Stopped);
    }

    /// Runs until the system asks for an end (SIGTERM, SIGINT).
    pub fn run(self) {
        self.runtime.block_on(signalled());
        self.stop();
    }
}

async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = terminate.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Mails codes and receipts as they come, and forgets who asked long ago.
async fn housekeeping(site: Arc<Site>) {
    loop {
        let _ = tokio::time::timeout(Duration::from_secs(MAIL_SECS), site.mail_waits.notified()).await;
        site.limits.forget();
        site.send_mails().await;
    }
}

/// What TLS is spoken with; `None` where a proxy does that.
fn acceptor(root: &Path, settings: &WebSettings) -> Result<Option<TlsAcceptor>, ServeError> {
    let (certificate, key) = match (&settings.certificate, &settings.key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err(ServeError::Tls { file: "`web`".to_owned(), why: "`certificate` and `key` belong together, and one is missing".to_owned() }),
    };
    let fault = |file: &str, why: &dyn std::fmt::Display| ServeError::Tls { file: file.to_owned(), why: why.to_string() };
    let chain = folder::file(&root.join(certificate))?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().map_err(|error| fault(certificate, &error))?;
    if chain.is_empty() {
        return Err(fault(certificate, &"it holds no certificate in PEM form"));
    }
    let secret = files::secret(&root.join(key))?;
    let secret = PrivateKeyDer::from_pem_slice(secret.as_bytes()).map_err(|error| fault(key, &error))?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| fault(certificate, &error))?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, mut stopped: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of file handles, say: those that are open will end.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            _ = &mut stopped => break,
        };
        let (tls, router, watcher) = (tls.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, peer, tls, router, watcher).await;
            drop(slot);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_TIME, graceful.shutdown()).await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, router: Router, watcher: Watcher) {
    // Small answers must not wait for an acknowledgment of the network.
    let _ = stream.set_nodelay(true);
    match tls {
        None => talk(stream, peer, router, watcher).await,
        Some(tls) => match tokio::time::timeout(HEAD_TIME, tls.accept(stream)).await {
            Ok(Ok(stream)) => talk(stream, peer, router, watcher).await,
            Ok(Err(_)) => log::write(Line::Connection { what: "no TLS" }),
            Err(_) => log::write(Line::Connection { what: "TLS took too long" }),
        },
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr, router: Router, watcher: Watcher) {
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(sign::Peer(peer));
        answer(router.clone(), request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(LARGEST_HEAD);
    // What goes wrong on a line is the other end's, and nothing of it is kept.
    let _ = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await;
}

async fn answer(mut router: Router, request: Request) -> Result<Response, Infallible> {
    use tower_service::Service as _;
    router.call(request).await
}
