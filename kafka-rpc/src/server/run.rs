//! A server's life: from its settings to the groups that it joins, and to its end.

mod groups;
mod join;
mod topics;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::timeout;

use self::groups::groups;
use self::join::join;
use self::topics::{ensure_records, ensure_topics};
use super::builder::Settings;
use super::handler::Handler;
use super::lifecycle::Lifecycle;
use crate::descriptor::ServiceDescriptor;
use crate::outside;
use crate::telemetry;
use crate::{Cluster, Error};

/// How long leaving the groups may take, after the handlers' time to end.
const LEAVE_LIMIT: Duration = Duration::from_secs(10);

pub(super) async fn run<S>(
    cluster: Cluster,
    settings: Settings,
    services: Vec<&'static ServiceDescriptor>,
    service: S,
    lifecycle: Arc<Lifecycle>,
    signal: impl Future<Output = ()> + Send,
) -> Result<(), Error>
where
    S: Handler,
{
    let instance: Arc<str> = match &settings.instance_id {
        Some(id) => id.as_str().into(),
        None => outside::random_id().simple().to_string().into(),
    };
    let mut groups = groups(&cluster, &settings, &services, &instance)?;
    let transport = cluster.transport();
    transport.check(settings.connect_timeout).await?;
    let found = ensure_topics(&cluster, &settings, &*transport, &mut groups).await?;
    ensure_records(&cluster, &settings, &*transport, &mut groups, &found).await?;

    lifecycle.expect(groups.len());
    let _end = EndOnDrop(Arc::clone(&lifecycle));
    let mut ends = Vec::with_capacity(groups.len());
    for (name, group) in groups {
        ends.push(join(
            name,
            group,
            &instance,
            &settings,
            &transport,
            service.clone(),
            &lifecycle,
        )?);
    }
    let ends = try_join_all(
        ends.into_iter()
            .map(|end| async { end.await.unwrap_or(Ok(())) }),
    );
    tokio::pin!(ends);
    tokio::select! {
        biased;
        outcome = &mut ends => return outcome.map(drop),
        () = signal => lifecycle.end(),
    }
    // Closing a consumer can hang; by then all that is finished has been committed.
    match timeout(settings.drain_time + LEAVE_LIMIT, ends).await {
        Ok(outcome) => outcome.map(drop),
        Err(_) => {
            tracing::error!("a consumer did not close in time; it is left behind");
            telemetry::drain_timed_out();
            Ok(())
        }
    }
}

/// Ends the groups also where nobody polls the server any more.
struct EndOnDrop(Arc<Lifecycle>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.end();
    }
}
