/// The code of README.md and of `docs/guide`, as tests. A region marked `@start region="name"` is
/// shown there word for word; a test in `tidy` compares the two.
package weft.guide;
