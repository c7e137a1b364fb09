//! Signing with a key that cannot leave the place where it is.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use exo_auth::{SignatureAlgorithm, Signer};
use tokio::sync::{mpsc, oneshot};

/// A signer for [`CertificateSource::Remote`](crate::CertificateSource::Remote), and the requests that come out of it for
/// as long as anybody may ask: a session comes to new tokens while it runs, hours after it was opened.
#[must_use]
pub fn remote_signer() -> (Arc<dyn Signer>, SignRequests) {
    let (asks, asked) = mpsc::unbounded_channel();
    (Arc::new(RemoteSigner { asks }), SignRequests { asked })
}

/// The requests of one signer, in order.
#[derive(Debug)]
pub struct SignRequests {
    asked: mpsc::UnboundedReceiver<SignRequest>,
}

impl SignRequests {
    /// The next request; `None` when the signer and all sessions that use it have gone.
    pub async fn next(&mut self) -> Option<SignRequest> {
        self.asked.recv().await
    }
}

/// Something to sign. Dropping it without an answer is a refusal.
pub struct SignRequest {
    /// How.
    pub algorithm: SignatureAlgorithm,
    /// What, not hashed yet.
    pub data: Vec<u8>,
    reply: oneshot::Sender<Result<Vec<u8>, String>>,
}

impl SignRequest {
    /// Gives the signature, or a sentence about why there is none.
    pub fn answer(self, signature: Result<Vec<u8>, String>) {
        // Who asked may have given up meanwhile.
        let _ = self.reply.send(signature);
    }
}

impl fmt::Debug for SignRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("algorithm", &self.algorithm)
            .field("len", &self.data.len())
            .finish_non_exhaustive()
    }
}

struct RemoteSigner {
    asks: mpsc::UnboundedSender<SignRequest>,
}

impl Signer for RemoteSigner {
    fn sign<'a>(
        &'a self,
        algorithm: SignatureAlgorithm,
        data: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>> {
        Box::pin(async move {
            let (reply, answered) = oneshot::channel();
            let request = SignRequest { algorithm, data: data.to_vec(), reply };
            self.asks.send(request).map_err(|_| "nobody is there to sign any more".to_owned())?;
            answered.await.unwrap_or_else(|_| Err("the request was not answered".to_owned()))
        })
    }
}
