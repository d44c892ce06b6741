//! Account ids, each replaced by another that is always the same.

use serde_json::Value as Json;

/// The digits of an account id.
const DIGITS: usize = 12;
/// The ids that stand for the accounts of a recording; after these they are counted.
const KNOWN: [&str; 4] = [
    "123456789012",
    "210987654321",
    "111122223333",
    "444455556666",
];

/// The account ids of a recording.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    found: Vec<String>,
    /// Texts whose ids stay: a playbook that names an account goes on to name it.
    texts: Vec<String>,
}

impl Accounts {
    /// Knows an account from the beginning on, the run's own. Ids that stand in one of the texts are never replaced.
    #[must_use]
    pub fn of(own: Option<&str>, texts: &[String]) -> Self {
        let mut accounts = Self {
            found: Vec::new(),
            texts: texts.to_vec(),
        };
        if let Some(own) = own.filter(|own| is_id(own)) {
            accounts.add(own);
        }
        accounts
    }

    /// Finds the ids in a document: in ARNs, in hosts of registries and queues, and as members called after accounts
    /// and owners.
    pub fn find(&mut self, json: &Json) {
        match json {
            Json::String(text) => self.find_in(text),
            Json::Array(items) => items.iter().for_each(|item| self.find(item)),
            Json::Object(members) => {
                for (name, value) in members {
                    let lower = name.to_lowercase();
                    let named = ["account", "owner", "registryid", "principal"]
                        .iter()
                        .any(|word| lower.contains(word));
                    let listed = value.as_array().cloned().unwrap_or_default();
                    for value in listed.iter().chain([value]) {
                        if let Some(id) = value.as_str().filter(|id| named && is_id(id)) {
                            self.add(id);
                        }
                    }
                    self.find(value);
                }
            }
            _ => {}
        }
    }

    fn find_in(&mut self, text: &str) {
        for (at, _) in text.match_indices("arn:") {
            let rest = text.get(at..).unwrap_or_default();
            if let Some(id) = rest.split(':').nth(4).filter(|id| is_id(id)) {
                self.add(id);
            }
        }
        for (at, _) in text.match_indices(".amazonaws.com/") {
            let path = text.get(at + ".amazonaws.com/".len()..).unwrap_or_default();
            if let Some(id) = path.split('/').next().filter(|id| is_id(id)) {
                self.add(id);
            }
        }
        if let Some((host, _)) = text.split_once(".dkr.ecr.") {
            let id = host.rsplit('/').next().unwrap_or(host);
            if is_id(id) {
                self.add(id);
            }
        }
    }

    fn add(&mut self, id: &str) {
        let named = self.texts.iter().any(|text| text.contains(id));
        if !named && !self.found.iter().any(|known| known == id) {
            self.found.push(id.to_owned());
        }
    }

    /// What stands for the account at a position.
    fn stand_in(position: usize) -> String {
        match KNOWN.get(position) {
            Some(known) => (*known).to_owned(),
            None => format!("{:012}", 100_000_000_000_usize.saturating_add(position)),
        }
    }

    /// Replaces the ids in a document, keys included.
    #[must_use]
    pub fn json(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => Json::String(self.text(text)),
            Json::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| (self.text(name), self.json(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// Replaces the ids in a text, where they are no part of longer numbers.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
            let (before, digits) = rest.split_at(start);
            let length = digits
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(digits.len());
            let (number, after) = digits.split_at(length);
            replaced.push_str(before);
            let position = self.found.iter().position(|id| id == number);
            match position {
                Some(position) => replaced.push_str(&Self::stand_in(position)),
                None => replaced.push_str(number),
            }
            rest = after;
        }
        replaced.push_str(rest);
        replaced
    }
}

fn is_id(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Accounts;
    use serde_json::json;

    #[test]
    fn each_account_has_one_stand_in_wherever_it_is() {
        let mut accounts = Accounts::of(Some("999988887777"), &["121212121212".to_owned()]);
        let document = json!({
            "arn": "arn:aws:iam::555566667777:role/x",
            "OwnerId": "999988887777",
            "image": "333322221111.dkr.ecr.eu-west-1.amazonaws.com/api:1",
            "url": "https://sqs.eu-west-1.amazonaws.com/999988887777/queue",
            "count": "135792468013", "long": "5555666677770", "account": "121212121212",
        });
        accounts.find(&document);
        assert_eq!(
            accounts.json(&document),
            json!({
                "arn": "arn:aws:iam::210987654321:role/x",
                "OwnerId": "123456789012",
                "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:1",
                "url": "https://sqs.eu-west-1.amazonaws.com/123456789012/queue",
                "count": "135792468013", "long": "5555666677770", "account": "121212121212",
            })
        );
    }
}
