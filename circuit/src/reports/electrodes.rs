//! Extracellular reports: potentials at electrodes.
//!
//! Owns `/ecp`, read in BMTK's form (`data` is times × channels) and in SONATA's (channels × times), and
//! written in BMTK's, whose rows come as the simulation goes and which its analysis reads.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::ReportTime;
use crate::CircuitError;
use crate::hdf5::read::{Dataset, File, Value};
use crate::hdf5::{Attribute, Group, Table, Writer};

/// A file of potentials.
#[derive(Debug)]
pub struct ElectrodesFile {
    data: Dataset,
    channel_ids: Vec<i64>,
    time: ReportTime,
    units: Option<String>,
    rows: u64,
    /// Whether a row of `data` is a channel.
    by_channel: bool,
}

impl ElectrodesFile {
    /// Opens a file; its potentials are not read yet.
    ///
    /// # Errors
    /// The file is no HDF5 file, has no potentials, or says what cannot be.
    pub fn open(path: &Path) -> Result<Self, CircuitError> {
        let file = File::open(path)?;
        let data = file.require("/ecp/data")?;
        let channels = file.require("/ecp/channel_id")?;
        let channel_ids = channels.read::<i64>()?;
        let time = ReportTime::read(&file.require("/ecp/time")?)?;
        let number = channel_ids.len() as u64;
        let [first, second] = *data.shape() else {
            let text = format!(
                "has the shape {:?}; [times, channels] is needed",
                data.shape()
            );
            return Err(data.error(text));
        };
        // Where both could be channels, the times tell.
        let expected = ((time.stop - time.start) / time.step).round() as u64;
        let by_channel = match (first == number, second == number) {
            (false, true) => false,
            (true, false) => true,
            (true, true) => second == expected && first != expected,
            (false, false) => {
                let text =
                    format!("has the shape [{first}, {second}], and there are {number} channels");
                return Err(data.error(text));
            }
        };
        Ok(Self {
            units: data
                .attribute("units")?
                .as_ref()
                .and_then(Value::word)
                .map(str::to_owned),
            rows: if by_channel { second } else { first },
            data,
            channel_ids,
            time,
            by_channel,
        })
    }

    /// The channels.
    pub fn channel_ids(&self) -> &[i64] {
        &self.channel_ids
    }

    /// How many times.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The times of the rows.
    pub fn time(&self) -> ReportTime {
        self.time
    }

    /// The unit of the potentials, where the file says it: mV in BMTK's.
    pub fn units(&self) -> Option<&str> {
        self.units.as_deref()
    }

    /// The potentials at some times: all channels of a time, one time after another.
    ///
    /// # Errors
    /// There are fewer times, or the file is damaged.
    pub fn read_rows(&self, rows: Range<u64>) -> Result<Vec<f64>, CircuitError> {
        if !self.by_channel {
            return self.data.read_rows(rows);
        }
        if rows.end > self.rows || rows.start > rows.end {
            let text = format!("has {} times; {rows:?} are none of them", self.rows);
            return Err(self.data.error(text));
        }
        let place = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
        let (start, end) = (place(rows.start), place(rows.end));
        let mut channels: Vec<Vec<f64>> = Vec::new();
        for channel in 0..self.channel_ids.len() as u64 {
            let whole = self.data.read_rows::<f64>(channel..channel + 1)?;
            channels.push(whole.get(start..end).unwrap_or_default().to_vec());
        }
        let row = |at: usize| {
            channels
                .iter()
                .filter_map(move |channel| channel.get(at).copied())
        };
        Ok((0..end - start).flat_map(row).collect())
    }
}

/// Potentials that are written.
#[derive(Debug)]
pub struct ElectrodesWriter {
    path: PathBuf,
    writer: Writer,
    table: Table<f64>,
    channel_ids: Vec<i64>,
    start: f64,
    step: f64,
    rows: u64,
}

impl ElectrodesWriter {
    /// Begins a file for up to `rows` times, row k at `start + k * step` ms, in mV.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(
        path: &Path,
        channel_ids: &[i64],
        (start, step): (f64, f64),
        rows: u64,
    ) -> Result<Self, CircuitError> {
        if !(start.is_finite() && step.is_finite() && step > 0.0) || channel_ids.is_empty() {
            let text = format!(
                "{} channels from {start} ms in steps of {step}",
                channel_ids.len()
            );
            return Err(CircuitError::file(path, "/ecp", text));
        }
        let mut writer = Writer::create(path)?;
        Ok(Self {
            path: path.to_owned(),
            table: writer.table(rows, channel_ids.len() as u64)?,
            writer,
            channel_ids: channel_ids.to_vec(),
            start,
            step,
            rows: 0,
        })
    }

    /// Adds times: all channels of a time, one time after another.
    ///
    /// # Errors
    /// They are no whole times, more than there was to be, or cannot be written.
    pub fn add(&mut self, values: &[f64]) -> Result<(), CircuitError> {
        let columns = self.channel_ids.len();
        if !values.len().is_multiple_of(columns) {
            let text = format!("{} values are no times of {columns} channels", values.len());
            return Err(CircuitError::file(&self.path, "/ecp/data", text));
        }
        self.table.write_rows(self.rows, values)?;
        self.rows += (values.len() / columns) as u64;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<(), CircuitError> {
        let time = ReportTime::of_rows(self.start, self.step, self.rows);
        let mut ecp = Group::new();
        let data = self.table.cut(self.rows);
        ecp.dataset("data", data.with("units", Attribute::string("mV")));
        ecp.dataset("channel_id", self.writer.column(&self.channel_ids)?);
        let times = self.writer.column(&[time.start, time.stop, time.step])?;
        ecp.dataset("time", times.with("units", Attribute::string("ms")));
        let mut root = Group::new()
            .with("magic", Attribute::number(0x0a7a_u32))
            .with("version", Attribute::numbers(&[0_u32, 1]));
        root.group("ecp", ecp);
        self.writer.finish(&root)
    }
}
