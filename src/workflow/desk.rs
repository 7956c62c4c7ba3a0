//! The desk: workspace, register and mails of one command.
//!
//! The workspace file is read at once; the library, which is large, only when something asks for it: signing does not.

use std::path::{Path, PathBuf};

use crate::base::diagnostic::Report;
use crate::contract::entity::Workspace;
use crate::contract::settings::{MailSettings, RegisterSettings};
use crate::pack::compile::{Compiler, workspace};
use crate::project::folder;
use crate::project::read::Location;
use crate::text::page::Pages;
use crate::workflow::Opened;
use crate::workflow::outbox::{self, Office};
use crate::workflow::register::{Edge, Register, RegisterError};

/// What a command about the register works on.
pub struct Desk {
    workspace: Workspace,
    library: Library,
    register: Register,
    office: Option<Office>,
}

/// The library with the profiles, read when something asks for it.
pub struct Library {
    root: PathBuf,
    opened: Option<Opened>,
}

impl Library {
    fn opened(&mut self) -> Result<&mut Opened, RegisterError> {
        if self.opened.is_none() {
            self.opened = Some(super::open(&self.root)?);
        }
        self.opened.as_mut().ok_or_else(unread)
    }

    /// The compiler.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when the library does not read.
    pub fn compiler(&mut self) -> Result<&Compiler, RegisterError> {
        self.opened()?.compiler.as_ref().ok_or_else(unread)
    }
}

impl Desk {
    /// Opens the register of a workspace, and what mails are made from where `countersign.yaml` says so.
    ///
    /// # Errors
    /// [`RegisterError`]; a workspace file that does not read is [`RegisterError::Refused`].
    pub fn open(root: &Path, edge: Edge) -> Result<Self, RegisterError> {
        let register = Register::open(root, edge)?;
        let workspace = read(root)?;
        let office = Office::open(root, &workspace)?;
        let library = Library { root: root.to_owned(), opened: None };
        Ok(Self { workspace, library, register, office })
    }

    /// Reads the library and the profiles, once, and gives the faults that were found on the way.
    ///
    /// # Errors
    /// [`RegisterError::Disk`] for what cannot be read at all.
    pub fn read_library(&mut self) -> Result<(Report, Location), RegisterError> {
        let opened = self.library.opened()?;
        Ok((std::mem::take(&mut opened.report), opened.location.clone()))
    }

    /// The register.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The register, to change it.
    pub fn register_mut(&mut self) -> &mut Register {
        &mut self.register
    }

    /// The workspace file.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Register and compiler.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when the library does not read.
    pub fn both(&mut self) -> Result<(&mut Register, &Compiler), RegisterError> {
        self.all().map(|(register, compiler, _)| (register, compiler))
    }

    /// Register and mails, where there are any.
    pub fn mailing(&mut self) -> (&mut Register, Option<&Office>) {
        (&mut self.register, self.office.as_ref())
    }

    /// Register, compiler and mails.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when the library does not read.
    pub fn all(&mut self) -> Result<(&mut Register, &Compiler, Option<&Office>), RegisterError> {
        Ok((&mut self.register, self.library.compiler()?, self.office.as_ref()))
    }

    /// Register, mails and the library, which only receipts need.
    pub fn sending(&mut self) -> (&mut Register, Option<&Office>, &mut Library) {
        (&mut self.register, self.office.as_ref(), &mut self.library)
    }

    /// The settings of the register.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when `countersign.yaml` has none.
    pub fn settings(&self) -> Result<&RegisterSettings, RegisterError> {
        self.workspace.register.as_ref().ok_or_else(no_settings)
    }

    /// The settings of mails.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when `countersign.yaml` has none.
    pub fn mail(&self) -> Result<&MailSettings, RegisterError> {
        self.workspace.mail.as_ref().ok_or_else(no_mail)
    }

    /// The office, which must be there.
    ///
    /// # Errors
    /// [`RegisterError::Refused`] when `countersign.yaml` says nothing about mails.
    pub fn office(&self) -> Result<&Office, RegisterError> {
        self.office.as_ref().ok_or_else(no_mail)
    }

    /// Pages of the workspace.
    ///
    /// # Errors
    /// As [`outbox::pages`].
    pub fn pages(&self) -> Result<Pages, RegisterError> {
        outbox::pages(self.register.root())
    }

    /// The folder that results are written to.
    ///
    /// # Errors
    /// [`RegisterError::Disk`] when the workspace file names one that it must not.
    pub fn output(&self) -> Result<PathBuf, RegisterError> {
        Ok(folder::inside(self.register.root(), self.workspace.output.as_deref().unwrap_or("output"), true)?)
    }
}

/// Reads the workspace file alone.
///
/// # Errors
/// [`RegisterError::Refused`] when it does not read.
pub fn read(root: &Path) -> Result<Workspace, RegisterError> {
    let bytes = folder::file(&root.join(crate::pack::inputs::WORKSPACE))?;
    workspace(&bytes).ok_or_else(unread)
}

fn unread() -> RegisterError {
    RegisterError::refused("the workspace does not read", "`countersign check` shows every fault")
}

/// The refusal where mails are asked for and none are set up.
pub fn no_mail() -> RegisterError {
    RegisterError::refused("`countersign.yaml` says nothing about mails", "add a `mail:` section; `countersign schema workspace` says what it holds")
}

/// The refusal where the register is not set up.
pub fn no_settings() -> RegisterError {
    RegisterError::refused(
        "`countersign.yaml` says nothing about the register",
        "add `register: {origin: register.example.com/countersign, time_zone: Europe/Dublin, retention_years: 6}`",
    )
}
