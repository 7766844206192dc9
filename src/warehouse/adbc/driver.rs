//! Finding and loading the shared library.

use adbc_core::LOAD_FLAG_DEFAULT;
use adbc_core::error::{Error, Status};
use adbc_core::options::AdbcVersion;
use adbc_driver_manager::ManagedDriver;

use super::failure::one_line;
use crate::model::adbc::{Adbc, Driver};

/// Loads the library and asks it for its functions.
///
/// # Errors
/// There is none, or it is no driver.
pub(super) fn load(adbc: &Adbc) -> Result<ManagedDriver, String> {
    let name = shown(&adbc.driver);
    if let Driver::File(file) = &adbc.driver
        && !file.is_file()
    {
        return Err(format!("there is no ADBC driver at {name}; `driver` is a shared library, relative to the project's folder"));
    }
    let newest = of_version(adbc, AdbcVersion::V110);
    // Drivers of before 2024 know the first version only.
    let driver = match newest {
        Err(error) if error.status == Status::NotImplemented => of_version(adbc, AdbcVersion::V100),
        driver => driver,
    };
    driver.map_err(|error| match error.status {
        Status::NotFound => format!("no ADBC driver is installed as `{name}`; install it, or give the path of its library as `driver`"),
        _ => format!("{name} cannot be loaded as an ADBC driver: {}{}", one_line(&error.message), remedy(&error.message)),
    })
}

fn of_version(adbc: &Adbc, version: AdbcVersion) -> Result<ManagedDriver, Error> {
    let entrypoint = adbc.entrypoint.as_ref().map(|name| name.as_bytes());
    match &adbc.driver {
        Driver::File(file) => ManagedDriver::load_from_name(file, entrypoint, version, LOAD_FLAG_DEFAULT, None),
        Driver::Named(name) => ManagedDriver::load_from_name(name, entrypoint, version, LOAD_FLAG_DEFAULT, None),
    }
}

fn remedy(message: &str) -> &'static str {
    match message {
        text if text.contains("undefined symbol") || text.contains("symbol not found") => {
            "; `entrypoint` names the function that a driver begins with, such as duckdb_adbc_init in libduckdb"
        }
        text if text.contains("ELF header") || text.contains("file too short") => "; is it a shared library for this machine?",
        _ => "",
    }
}

/// The driver, for messages.
pub(super) fn shown(driver: &Driver) -> String {
    match driver {
        Driver::File(file) => file.display().to_string(),
        Driver::Named(name) => name.clone(),
    }
}
