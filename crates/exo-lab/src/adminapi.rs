//! The REST endpoints of the service: cmdlets by `InvokeCommand`, their description by `EXOModuleFile`.

mod answer;
mod argument;
mod batch;
mod catalog;
mod confirm;
mod failure;
mod gate;
mod invoke;
mod json;
mod key;
mod module_file;
mod objects;
mod page;
mod paging;
mod refused;
mod role;
mod value;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use crate::adminapi::answer::Answer;
use crate::adminapi::key::Key;
use crate::adminapi::objects::Objects;
use crate::adminapi::paging::Cursors;
use crate::adminapi::refused::Refused;
use crate::{Service, cookie};

pub use self::module_file::module_text;

/// What the REST side remembers.
#[derive(Debug)]
pub(crate) struct AdminApi {
    /// `https://localhost:PORT` of the regional compliance host.
    regional_origin: String,
    key: OnceLock<Option<Key>>,
    cursors: Cursors,
    objects: Objects,
    module_downloads: AtomicU64,
    clients: AtomicU64,
    refused: Refused,
}

/// Marks requests that came in at the regional compliance host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regional;

impl AdminApi {
    pub(crate) fn new(regional_origin: String) -> Self {
        Self {
            regional_origin,
            key: OnceLock::new(),
            cursors: Cursors::default(),
            objects: Objects::default(),
            module_downloads: AtomicU64::new(0),
            clients: AtomicU64::new(0),
            refused: Refused::default(),
        }
    }

    /// Where the compliance service is.
    pub(crate) fn regional_origin(&self) -> &str {
        &self.regional_origin
    }

    /// How often the module text was sent whole.
    pub(crate) fn module_downloads(&self) -> u64 {
        self.module_downloads.load(Ordering::Relaxed)
    }

    /// How many clients came without a cookie and were given one.
    pub(crate) fn clients(&self) -> u64 {
        self.clients.load(Ordering::Relaxed)
    }

    /// Gives a new client the cookie by which it is known from now on.
    fn greet(&self, headers: &mut HeaderMap) {
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        cookie::give(headers, &format!("{COOKIE_CLIENT}=EXOLAB{number:016X}; path=/; secure"));
    }

    /// Ends the cmdlets that wait for somebody to ask for their next page.
    pub(crate) fn close_all(&self) {
        self.cursors.clear();
    }

    /// The key for password parameters, made when it is first wanted.
    fn key(&self) -> Option<&Key> {
        self.key.get_or_init(Key::generate).as_ref()
    }
}

/// Everything below `/adminapi/`, in any case.
pub(crate) async fn endpoint(State(service): State<Arc<Service>>, request: HttpRequest) -> Response {
    let is_known = cookie::named(request.headers(), COOKIE_CLIENT).is_some();
    let mut response = serve(&service, request).await;
    if !is_known {
        service.adminapi.greet(response.headers_mut());
    }
    response
}

async fn serve(service: &Arc<Service>, request: HttpRequest) -> Response {
    let accepts_gzip = answer::accepts_gzip(request.headers());
    let path = request.uri().path().to_ascii_lowercase();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (what, tenant) = match segments.as_slice() {
        ["adminapi", "beta" | "v1.0", tenant, what] => (*what, *tenant),
        _ => return Answer::not_found(&path).into_response(accepts_gzip),
    };
    let runs_cmdlets = what == "invokecommand" || what == "$batch";
    if let Some(response) = gate::misbehave(service, runs_cmdlets).await {
        return response;
    }
    let caller = match gate::admit(service, &request, tenant) {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    let is_post = request.method() == Method::POST;
    let answer = match what {
        "invokecommand" if is_post => match gate::body(request).await {
            Ok((head, body)) => {
                let call = invoke::Call::from_request(&head, &body, caller);
                invoke::answer(service, call).await
            }
            Err(answer) => answer,
        },
        "$batch" if is_post => match gate::body(request).await {
            Ok((head, body)) => batch::answer(service, &head, &body, caller).await,
            Err(answer) => answer,
        },
        "exomodulefile" if request.method() == Method::GET => module_file::answer(service, &request, &caller),
        "invokecommand" | "$batch" | "exomodulefile" => Answer::method_not_allowed(),
        _ => Answer::not_found(&path),
    };
    gate::deliver(service, answer, accepts_gzip, runs_cmdlets).await
}

/// The service knows its clients by it.
const COOKIE_CLIENT: &str = "ClientId";
