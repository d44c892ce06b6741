//! What guards name: alarms, and calendars of times in which nothing is changed.

/// An alarm of `CloudWatch`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its region, where it is named by its ARN.
    pub region: Option<String>,
}

/// A calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freeze {
    /// An iCalendar file.
    File(String),
    /// An SSM change calendar.
    Change {
        /// Its ARN, as it is written.
        arn: String,
        /// Its region.
        region: String,
    },
}

/// The longest name of an alarm (`CloudWatch` API, `DescribeAlarms`).
const LONGEST_ALARM: usize = 255;

impl Alarm {
    /// Reads a name or an ARN.
    ///
    /// # Errors
    /// Why it is neither.
    pub fn read(text: &str) -> Result<Self, String> {
        let name = if text.starts_with("arn:") {
            let parts: Vec<&str> = text.splitn(7, ':').collect();
            let [_, _, "cloudwatch", region, account, "alarm", name] = parts.as_slice() else {
                return Err(format!(
                    "`{text}` is not the ARN of an alarm, `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`"
                ));
            };
            if region.is_empty() || account.is_empty() {
                return Err(format!("the ARN `{text}` has no region or no account"));
            }
            Self {
                name: (*name).to_owned(),
                region: Some((*region).to_owned()),
            }
        } else {
            Self {
                name: text.to_owned(),
                region: None,
            }
        };
        let length = name.name.chars().count();
        if name.name.trim().is_empty() || length > LONGEST_ALARM {
            return Err(format!(
                "the name of an alarm has 1 to {LONGEST_ALARM} characters, and this one {length}"
            ));
        }
        if name.name.contains(['*', '?']) {
            return Err(format!("`{text}` is a pattern; name the alarms one by one"));
        }
        Ok(name)
    }
}

impl Freeze {
    /// Reads the path of a file or the ARN of an SSM change calendar.
    ///
    /// # Errors
    /// Why it is neither.
    pub fn read(text: &str) -> Result<Self, String> {
        if !text.starts_with("arn:") {
            return if text.trim().is_empty() {
                Err("the name of the calendar is empty".to_owned())
            } else {
                Ok(Self::File(text.to_owned()))
            };
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            [_, _, "ssm", region, _, document]
                if !region.is_empty() && document.starts_with("document/") =>
            {
                Ok(Self::Change {
                    arn: text.to_owned(),
                    region: (*region).to_owned(),
                })
            }
            _ => Err(format!(
                "`{text}` is not the ARN of an SSM change calendar, `arn:aws:ssm:REGION:ACCOUNT:document/NAME`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Alarm, Freeze};

    #[test]
    fn an_alarm_is_a_name_or_an_arn() {
        let alarm = |text| Alarm::read(text).map(|alarm| (alarm.name, alarm.region));
        assert_eq!(alarm("api: errors"), Ok(("api: errors".to_owned(), None)));
        let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:api: errors";
        let due = ("api: errors".to_owned(), Some("eu-west-1".to_owned()));
        assert_eq!(alarm(arn), Ok(due));
        for wrong in ["", "api-*", "arn:aws:sns:eu-west-1:123456789012:topic"] {
            assert!(alarm(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_calendar_is_a_file_or_an_arn() {
        let file = Freeze::File("freeze.ics".to_owned());
        assert_eq!(Freeze::read("freeze.ics"), Ok(file));
        let arn = "arn:aws:ssm:us-east-1:123456789012:document/Freeze";
        assert!(
            matches!(Freeze::read(arn), Ok(Freeze::Change { region, .. }) if region == "us-east-1")
        );
        assert!(Freeze::read("arn:aws:s3:::bucket").is_err());
        assert!(Freeze::read(" ").is_err());
    }
}
