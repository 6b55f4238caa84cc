//! What `icelab bench data` measured: the results file, tables, a chart, a comparison with others.
//!
//! [`Report`] is the file. [`BenchTable`] shows it on a terminal, [`Chart`] as SVG; [`Standing`] says where icelab's own
//! stacks are ahead of the others.

mod chart;
mod results;
mod standing;
mod table;
mod words;

pub use chart::Chart;
pub use results::{Cell, Fairness, FlowShare, Goodput, Latency, Link, Measured, Report, Section};
pub use standing::Standing;
pub use table::BenchTable;
