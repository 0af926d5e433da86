/// The drivers made of `java.nio`, present on every platform: [weft.nio.SelectorDriver], and on top
/// of it [weft.nio.ProactorDriver].
@NullMarked
package weft.nio;

import org.jspecify.annotations.NullMarked;
