//! Where a live file stands, how what stands there can be swapped, and where its state is kept.

use crate::container::{self, Container};
use crate::error::{Error, Result};
use crate::files::{self, Output, Prepared};
use crate::secret::SecretBytes;
use std::path::{Path, PathBuf};

/// The folder beside a live file that holds what rotations remember; hidden, so that walks do not meet it.
pub const STORE: &str = ".pushcert";

/// A live file, and the file with its key where that is another.
#[derive(Clone, Debug)]
pub struct Site {
    /// The files that make up one identity, as the user named them: the live file, then that of the key.
    pub files: Vec<PathBuf>,
    /// The folder with the state.
    pub store: PathBuf,
    /// How it is swapped.
    pub layout: Layout,
}

/// How what stands there can be swapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One file, by one rename.
    One,
    /// Two files, by two renames, which is not one instant.
    Split,
    /// Two files in a folder behind this link, by one rename of a link.
    Linked(PathBuf),
}

impl Layout {
    /// The word that JSON shows.
    pub fn as_str(&self) -> &'static str {
        match self {
            Layout::One => "one-file",
            Layout::Split => "two-files",
            Layout::Linked(_) => "link",
        }
    }
}

impl Site {
    /// Finds a live file and, if it is in another, its key. Links to files are followed as outputs follow them.
    ///
    /// # Errors
    /// `not-found`, `not-readable`, and why the file could not be replaced.
    pub fn find(live: &Path, live_key: Option<&Path>) -> Result<Site> {
        Site::find_by(live, live_key, |path| {
            files::demand_file(path)?;
            files::place_of(path)
        })
    }

    /// As [`Site::find`], where neither file is there any more.
    ///
    /// # Errors
    /// `exists`, and why no file could be written there.
    pub fn find_missing(live: &Path, live_key: Option<&Path>) -> Result<Site> {
        Site::find_by(live, live_key, files::free_place_of)
    }

    fn find_by(
        live: &Path,
        live_key: Option<&Path>,
        place_of: impl Fn(&Path) -> Result<PathBuf>,
    ) -> Result<Site> {
        let place = place_of(live)?;
        let name = place.file_name().unwrap_or_default();
        let link = files::link_of_folder(&place);
        let stores = beside(link.as_ref().unwrap_or(&place), STORE);
        if files::is_link(&stores) {
            let reason = "it is a link, and what is remembered is kept in a folder".to_string();
            return Err(Error::NotReadable { reason }.in_file(&stores));
        }
        let store = match &link {
            Some(link) => stores.join(link.file_name().unwrap_or_default()).join(name),
            None => stores.join(name),
        };
        let Some(key) = live_key else {
            return Ok(Site {
                files: vec![live.to_path_buf()],
                store,
                layout: Layout::One,
            });
        };
        let key_place = place_of(key)?;
        if files::is_same(&place, &key_place) || place == key_place {
            let reason = "--live-key names the live file itself".to_string();
            return Err(Error::Usage { reason });
        }
        let layout = match link {
            Some(link) if files::link_of_folder(&key_place).as_ref() == Some(&link) => {
                Layout::Linked(link)
            }
            _ => Layout::Split,
        };
        Ok(Site {
            files: vec![live.to_path_buf(), key.to_path_buf()],
            store,
            layout,
        })
    }

    /// The live file, as the user named it.
    pub fn live(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// The file with the key, where it is not the live file.
    pub fn live_key(&self) -> Option<&Path> {
        self.files.get(1).map(PathBuf::as_path)
    }

    /// The key file as the state remembers it: by its name where it is beside the live file, else from the root.
    pub fn recorded_key(&self) -> Option<PathBuf> {
        let key = self.live_key()?;
        let beside = key.parent() == self.live().parent();
        let name = key.file_name().map(Path::new).filter(|_| beside);
        let whole = || std::path::absolute(key).unwrap_or_else(|_| key.to_path_buf());
        Some(name.map_or_else(whole, Path::to_path_buf))
    }

    /// What stands there now, file by file.
    pub fn read(&self) -> Result<Vec<SecretBytes>> {
        self.files.iter().map(|path| files::read(path)).collect()
    }

    /// These in the place of what stands there. Behind a link nothing is prepared: the folder for it is made when the swap is
    /// written down.
    pub(super) fn outputs<'a>(&'a self, contents: &'a [SecretBytes]) -> Vec<Output<'a>> {
        let outputs = self.files.iter().zip(contents);
        outputs
            .map(|(path, contents)| output(path, contents))
            .collect()
    }

    /// Swaps what is prepared, and synced already, into its place, and makes that last.
    pub(super) fn swap(&self, prepared: Vec<Prepared>) -> Result<()> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for one in prepared {
            let folder = one.folder().to_path_buf();
            one.appear()?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).collect();
        files::sync_folders(&folders)
    }

    /// Makes a folder beside the one that the link leads to, with everything that is in that, and points the link at it.
    pub(super) fn swap_link(
        &self,
        link: &Path,
        name: &Path,
        contents: &[SecretBytes],
    ) -> Result<()> {
        let above = folder_of(link);
        let folder = above.join(name);
        files::make_folder_like(&folder, link)?;
        let mut all = Vec::new();
        for (path, contents) in self.files.iter().zip(contents) {
            all.push((files::place_of(path)?, contents.clone()));
        }
        for other in files::names(link) {
            let old = link.join(&other);
            if all.iter().any(|(place, _)| *place == old) {
                continue;
            }
            let contents = match files::read(&old) {
                Err(error) if matches!(error.cause(), Error::Empty) => SecretBytes::new(Vec::new()),
                read => read?,
            };
            all.push((old, contents));
        }
        let new: Vec<PathBuf> = all
            .iter()
            .map(|(old, _)| folder.join(old.file_name().unwrap_or_default()))
            .collect();
        let outputs: Vec<(Output, &Path)> = all
            .iter()
            .zip(&new)
            .map(|((old, contents), new)| (output(new, contents), old.as_path()))
            .collect();
        let prepared = files::prepare_like(&outputs)?;
        files::sync(&[&prepared], &[])?;
        prepared.into_iter().try_for_each(Prepared::appear)?;
        files::sync_folders(&[&folder, above])?;
        self.point(link, name)
    }

    /// Points the link at a folder, and makes that last.
    pub(super) fn point(&self, link: &Path, target: &Path) -> Result<()> {
        files::point_link(link, target)?;
        files::sync_folders(&[folder_of(link)])
    }
}

fn output<'a>(path: &'a Path, contents: &'a SecretBytes) -> Output<'a> {
    Output {
        path,
        contents: contents.expose_secret(),
        holds_key: holds_key(contents),
    }
}

fn holds_key(contents: &SecretBytes) -> bool {
    match container::parse(contents) {
        Ok(Container::Open(contents)) => !contents.keys.is_empty(),
        Ok(Container::Locked(_)) => true,
        Err(_) => false,
    }
}

fn beside(path: &Path, name: &str) -> PathBuf {
    match path.parent() {
        Some(folder) => folder.join(name),
        None => PathBuf::from(name),
    }
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
