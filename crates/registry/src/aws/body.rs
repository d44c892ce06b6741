//! Bodies of answers, bounded in size and in silence, and added up.

use super::checksum::{self, Expected, Mismatch};
use super::error;
use crate::model::service::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// The most bytes of an answer that is kept in memory, where a client sets no other: 64 MiB.
pub const DEFAULT_ANSWER_LIMIT: u64 = 64 << 20;

/// An answer has more bytes than are accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is larger than {}", size(*.limit))]
pub(super) struct TooLarge {
    pub(super) limit: u64,
}

/// An answer stopped in its midst.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing more came for {} s", .after.as_secs_f64())]
pub(super) struct Silent {
    pub(super) after: Duration,
}

/// Bytes as people count them.
fn size(bytes: u64) -> String {
    match bytes {
        whole if whole >= 1 << 20 && whole.is_multiple_of(1 << 20) => {
            format!("{} MiB", whole >> 20)
        }
        other => format!("{other} bytes"),
    }
}

/// What bounds a body.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The most bytes.
    pub(super) limit: Option<u64>,
    /// The longest time without any.
    pub(super) silence: Option<Duration>,
}

/// A body that ends with an error at its bounds.
pub(super) struct Bounded {
    inner: SdkBody,
    bounds: Bounds,
    seen: u64,
    timer: Option<Pin<Box<Sleep>>>,
    too_large: Arc<AtomicBool>,
    expected: Option<Expected>,
}

impl Bounded {
    /// Sets `flag` when the body has more bytes than are accepted.
    fn flagging(mut self, flag: Arc<AtomicBool>) -> Self {
        self.too_large = flag;
        self
    }
}

/// Bounds a body, and adds it up where it states a checksum.
pub(super) fn bounded(inner: SdkBody, bounds: Bounds, expected: Option<Expected>) -> Bounded {
    Bounded {
        inner,
        bounds,
        seen: 0,
        timer: None,
        too_large: Arc::default(),
        expected,
    }
}

/// A body that is nothing but an error.
struct Broken(Option<BoxError>);

/// A body of which only the error is left with which it ended.
pub(super) fn broken(problem: BoxError) -> SdkBody {
    SdkBody::from_body_1_x(Broken(Some(problem)))
}

impl Body for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(limit) = this.bounds.limit
            && (this.seen > limit || this.inner.size_hint().lower() > limit)
        {
            this.too_large.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(TooLarge { limit }.into())));
        }
        let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) else {
            let Some(after) = this.bounds.silence else {
                return Poll::Pending;
            };
            let silent = || Box::pin(tokio::time::sleep(after));
            ready!(this.timer.get_or_insert_with(silent).as_mut().poll(context));
            return Poll::Ready(Some(Err(Silent { after }.into())));
        };
        // The next silence begins with the next wait.
        this.timer = None;
        if let Some(Err(problem)) = &frame
            && error::is_too_large(problem.as_ref())
        {
            this.too_large.store(true, Ordering::Relaxed);
        }
        if let Some(Ok(frame)) = &frame {
            let data = frame.data_ref().map_or(&[][..], |data| data);
            this.seen += u64::try_from(data.len()).unwrap_or(u64::MAX);
            if let Some(expected) = &mut this.expected {
                expected.checksum.update(data);
            }
        }
        if frame.is_none()
            && let Some(expected) = this.expected.take()
            && expected.checksum.finalize() != expected.value
        {
            return Poll::Ready(Some(Err(Mismatch.into())));
        }
        match this.bounds.limit {
            Some(limit) if this.seen > limit => {
                this.too_large.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(TooLarge { limit }.into())))
            }
            _ => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        // The checksum is compared at the end.
        self.expected.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.inner)
    }
}

/// Bounds the body of every answer before it is read.
#[derive(Debug)]
pub(super) struct BoundAnswer {
    pub(super) bounds: Bounds,
    /// Set once an answer was larger than accepted: asking again would not make it smaller.
    pub(super) too_large: Arc<AtomicBool>,
    pub(super) operation: &'static Operation,
    /// The body of a success is not kept in memory.
    pub(super) into_file: bool,
}

#[dyn_dispatch_hint]
impl Intercept for BoundAnswer {
    fn name(&self) -> &'static str {
        "BoundAnswer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let expected = checksum::of_answer(self.operation, response);
        let unlimited = self.into_file && response.status().is_success();
        let bounds = Bounds {
            limit: self.bounds.limit.filter(|_| !unlimited),
            ..self.bounds.clone()
        };
        let body = response.body_mut();
        let inner = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(
            bounded(inner, bounds, expected).flagging(self.too_large.clone()),
        );
        Ok(())
    }
}
