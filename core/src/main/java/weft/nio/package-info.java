/// The drivers made of `java.nio`, present on every platform: [weft.nio.SelectorDriver].
@NullMarked
package weft.nio;

import org.jspecify.annotations.NullMarked;
