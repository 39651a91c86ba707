//! stub
use std::collections::BTreeMap;
pub trait Renderer {
    fn render(&self, view: &serde_json::Value, attachment: &[u8]) -> Result<Vec<u8>, PdfError>;
}
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct PdfError;
pub struct Typst;
impl Typst {
    pub fn new(_files: BTreeMap<String, Vec<u8>>) -> Result<Self, PdfError> {
        Ok(Typst)
    }
}
impl Renderer for Typst {
    fn render(&self, _: &serde_json::Value, a: &[u8]) -> Result<Vec<u8>, PdfError> {
        Ok(a.to_vec())
    }
}
