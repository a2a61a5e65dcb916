//! Archives of every kind, for tests and as seeds of the fuzz targets.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "every test uses another part of this file, and may fail as loudly as it likes"
)]

use std::io::{Cursor, Write};

use sevenz_rust2::encoder_options::AesEncoderOptions;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderMethod};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// Names and contents.
pub type Files = Vec<(String, Vec<u8>)>;

pub fn zipped(files: &Files, options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn method(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method)
}

pub fn aes_zip(files: &Files, password: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options =
            method(CompressionMethod::Deflated).with_aes_encryption(zip::AesMode::Aes256, password);
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn seven_z(files: &Files, solid: bool, password: Option<&str>) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    if let Some(password) = password {
        let aes = AesEncoderOptions::new(password.into());
        writer.set_content_methods(vec![aes.into(), EncoderMethod::LZMA2.into()]);
        writer.set_encrypt_header(true);
    }
    let entries = files.iter().map(|(name, _)| ArchiveEntry::new_file(name));
    if solid {
        let readers = files.iter().map(|(_, bytes)| bytes.as_slice().into()).collect();
        writer.push_archive_entries(entries.collect(), readers).unwrap();
    } else {
        for (entry, (_, bytes)) in entries.zip(files) {
            writer.push_archive_entry(entry, Some(bytes.as_slice())).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

pub fn cabinet(files: &Files, kind: cab::CompressionType) -> Vec<u8> {
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(kind);
    for (name, _) in files {
        folder.add_file(name.replace('/', "\\"));
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
    let mut next = files.iter();
    while let Some(mut file) = writer.next_file().unwrap() {
        file.write_all(&next.next().unwrap().1).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn tar_of(files: &Files) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}
