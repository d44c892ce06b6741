//! Codes of second factors, typed by the person at the terminal.

use crate::prompt::Prompt;
use runbook_registry::aws::SecondFactor;
use std::pin::Pin;

/// Somebody at a terminal with the device.
#[derive(Debug, Clone)]
pub struct Device {
    /// How they are asked.
    pub prompt: Prompt,
}

impl SecondFactor for Device {
    fn code<'a>(
        &'a self,
        device: &'a str,
        role: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>> {
        Box::pin(async move {
            let safe = runbook_report::question::safe;
            let question = format!(
                "{} asks for a second factor; the six digits that {} shows: ",
                safe(role),
                safe(device)
            );
            self.prompt.line(&question).await
        })
    }
}
