//! rdpwhy: why did this Remote Desktop connection fail, and what shows it?
