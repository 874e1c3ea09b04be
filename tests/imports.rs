//! No two modules import each other, not even by way of others. A module is a file with the folder of
//! its name: beside each other they must have an order, at every level.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path as FilePath;

use syn::visit::{self, Visit};

/// A module's path from the crate's root.
type Module = Vec<String>;

/// What the files of a crate import.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, syn::File>,
    /// Names that a module re-exports, and where they come from.
    exports: BTreeMap<(Module, String), Vec<String>>,
}

impl Crate {
    fn read(src: &FilePath) -> Self {
        let mut read = Self::default();
        read.read_file(&src.join("lib.rs"), Vec::new());
        for (module, file) in &read.modules {
            for item in &file.items {
                if let syn::Item::Use(item) = item
                    && !matches!(item.vis, syn::Visibility::Inherited)
                {
                    for path in paths(&item.tree) {
                        let Some(name) = path.last().cloned() else { continue };
                        let path = absolute(module, path, |_| true);
                        // A macro is exported under its own name, and is at home here.
                        if path != [&module[..], std::slice::from_ref(&name)].concat() {
                            read.exports.insert((module.clone(), name), path);
                        }
                    }
                }
            }
        }
        read
    }

    fn read_file(&mut self, file: &FilePath, module: Module) {
        let folder = match file.file_stem().unwrap().to_str().unwrap() {
            "lib" => file.parent().unwrap().to_owned(),
            stem => file.with_file_name(stem),
        };
        let parsed = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
        for item in &parsed.items {
            let syn::Item::Mod(item) = item else { continue };
            let is_test = item.attrs.iter().any(|of| of.path().is_ident("cfg"));
            if item.content.is_none() && !is_test {
                let child = item.ident.to_string();
                self.read_file(
                    &folder.join(format!("{child}.rs")),
                    [&module[..], &[child]].concat(),
                );
            }
        }
        self.modules.insert(module, parsed);
    }

    /// The module that holds what a path names.
    fn home(&self, mut path: Vec<String>) -> Option<Module> {
        loop {
            let depth =
                (0..=path.len()).rev().find(|at| self.modules.contains_key(&path[..*at]))?;
            let Some(name) = path.get(depth) else { return Some(path) };
            match self.exports.get(&(path[..depth].to_vec(), name.clone())) {
                Some(from) => path = [&from[..], &path[depth + 1..]].concat(),
                None => return Some(path[..depth].to_vec()),
            }
        }
    }

    /// Which module imports from which.
    fn imports(&self) -> BTreeSet<(Module, Module)> {
        let mut all = BTreeSet::new();
        for (module, file) in &self.modules {
            let is_child =
                |name: &str| self.modules.contains_key(&[&module[..], &[name.to_owned()]].concat());
            let mut named = Named::default();
            named.visit_file(file);
            for path in named.0 {
                let path = absolute(module, path, is_child);
                all.extend(self.home(path).map(|home| (module.clone(), home)));
            }
        }
        all
    }
}

/// Every path that a file names, but for its tests.
#[derive(Default)]
struct Named(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Named {
    fn visit_item_mod(&mut self, _tests: &'ast syn::ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.0.extend(paths(&item.tree));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

fn paths(tree: &syn::UseTree) -> Vec<Vec<String>> {
    let one = |ident: &syn::Ident| vec![vec![ident.to_string()]];
    match tree {
        syn::UseTree::Path(path) => paths(&path.tree)
            .into_iter()
            .map(|rest| [vec![path.ident.to_string()], rest].concat())
            .collect(),
        syn::UseTree::Name(name) if name.ident == "self" => vec![Vec::new()],
        syn::UseTree::Name(name) => one(&name.ident),
        syn::UseTree::Rename(rename) => one(&rename.ident),
        syn::UseTree::Glob(_) => vec![Vec::new()],
        syn::UseTree::Group(group) => group.items.iter().flat_map(paths).collect(),
    }
}

/// A path from the crate's root; one of another crate leads nowhere.
fn absolute(module: &Module, path: Vec<String>, is_child: impl Fn(&str) -> bool) -> Vec<String> {
    let parent = || module[..module.len().saturating_sub(1)].to_vec();
    let mut segments = path.into_iter().peekable();
    let mut base = match segments.peek().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self") => module.clone(),
        Some("super") => parent(),
        Some(name) if is_child(name) => return [module.clone(), segments.collect()].concat(),
        _ => return vec!["of another crate".to_owned()],
    };
    segments.next();
    while segments.next_if(|segment| segment == "super").is_some() {
        base.pop();
    }
    base.extend(segments);
    base
}

/// The modules beside each other that import each other, with what they import.
fn circles(imports: &BTreeSet<(Module, Module)>) -> Vec<String> {
    let mut levels: BTreeMap<Module, BTreeSet<(String, String)>> = BTreeMap::new();
    for (from, to) in imports {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
            levels.entry(from[..common].to_vec()).or_default().insert((a.clone(), b.clone()));
        }
    }
    let mut circles = Vec::new();
    for (level, mut edges) in levels {
        // Whatever nothing imports, or imports nothing, is in no circle.
        loop {
            let before = edges.len();
            let from: BTreeSet<_> = edges.iter().map(|(from, _)| from.clone()).collect();
            let to: BTreeSet<_> = edges.iter().map(|(_, to)| to.clone()).collect();
            edges.retain(|(a, b)| to.contains(a) && from.contains(b));
            if edges.len() == before {
                break;
            }
        }
        let level = level.join("::");
        circles.extend(edges.into_iter().map(|(from, to)| format!("{level}: {from} imports {to}")));
    }
    circles
}

#[test]
fn no_modules_import_each_other() {
    let src = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let imports = Crate::read(&src).imports();
    assert!(imports.len() > 100, "the imports are found: {}", imports.len());
    assert_eq!(circles(&imports), Vec::<String>::new());
}

#[test]
fn a_circle_is_found_at_every_level() {
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let edge = |(from, to)| (module(from), module(to));
    let straight = [("a", "b::c"), ("b::d", "b::c"), ("b", "b::d"), ("b::c", "b")];
    assert!(circles(&straight.map(edge).into()).is_empty());
    let round = [("a", "b::c"), ("b::d", "c"), ("c", "a"), ("b::c", "b::d")];
    let found = [": a imports b", ": b imports c", ": c imports a"];
    assert_eq!(circles(&round.map(edge).into()), found);
}
