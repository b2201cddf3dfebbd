//! The migrations are built into the library by a macro, which cannot see that a file was added.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
