//! Signatures with a key that only the caller has: each request is an event, and waits for its reply.

use exo_session::{SignRequests, SignatureAlgorithm};
use serde_json::json;

use crate::event::{EXO_EVENT_SIGN_REQUEST, ExoEvent};
use crate::operation::Orders;
use crate::queue::Sender;

/// Hands on what is to be signed until nobody can ask any more, or the caller cancels.
pub(crate) async fn serve(mut requests: SignRequests, sender: Sender, mut orders: Orders) {
    loop {
        let request = tokio::select! {
            biased;
            () = orders.cancelled.notified() => None,
            request = requests.next() => request,
        };
        let Some(request) = request else { break };
        let algorithm = match request.algorithm {
            SignatureAlgorithm::Ps256 => "PS256",
            SignatureAlgorithm::Rs256 => "RS256",
        };
        let Ok(data) = String::from_utf8(request.data.clone()) else {
            request.answer(Err("what is to be signed is no text".to_owned()));
            continue;
        };
        sender.post(ExoEvent::json(EXO_EVENT_SIGN_REQUEST, Some(data), &json!({ "algorithm": algorithm })));
        let reply = tokio::select! {
            biased;
            () = orders.cancelled.notified() => None,
            reply = orders.replies.recv() => reply,
        };
        let Some(mut reply) = reply else { break };
        let signature = reply.secrets.as_mut().and_then(|secrets| secrets.bytes("signature"));
        request.answer(match (reply.refused, signature) {
            (Some(reason), _) => Err(reason),
            (None, Some(signature)) => Ok(signature.to_vec()),
            (None, None) => Err("the reply has no signature".to_owned()),
        });
    }
    sender.end(Ok(()));
}
