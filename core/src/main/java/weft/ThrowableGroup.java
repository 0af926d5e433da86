package weft;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Several throwables as one: [ExceptionGroup], or [BaseExceptionGroup] where an [Error] is among
/// them. Groups nest.
///
/// @see <a href="https://peps.python.org/pep-0654/">PEP 654</a>
public sealed interface ThrowableGroup permits ExceptionGroup, BaseExceptionGroup {
  /// What the members have in common.
  String message();

  /// The members, at least one; they may be groups themselves.
  List<Throwable> exceptions();

  /// The members that match, as a group of the same nesting; null if none does. The predicate is
  /// asked about groups too: one that matches is taken whole.
  default @Nullable ThrowableGroup subgroup(Predicate<? super Throwable> matches) {
    return Groups.split(this, matches).matching();
  }

  /// The members of a type, as a group of the same nesting; null if there is none.
  default @Nullable ThrowableGroup subgroup(Class<? extends Throwable> type) {
    return subgroup(type::isInstance);
  }

  /// The members that match and the others, each as a group of the same nesting.
  default Split split(Predicate<? super Throwable> matches) {
    return Groups.split(this, matches);
  }

  /// The members of a type and the others, each as a group of the same nesting.
  default Split split(Class<? extends Throwable> type) {
    return split(type::isInstance);
  }

  /// This group as what it is.
  default Throwable asThrowable() {
    return (Throwable) this;
  }

  /// A group of the fitting kind.
  ///
  /// @throws IllegalArgumentException if there are no members
  static ThrowableGroup of(String message, List<? extends Throwable> members) {
    return members.stream().anyMatch(m -> m instanceof Error)
        ? new BaseExceptionGroup(message, members)
        : new ExceptionGroup(message, members);
  }

  /// What [#split] returns.
  ///
  /// @param matching the members that match, or null
  /// @param rest the others, or null
  record Split(@Nullable ThrowableGroup matching, @Nullable ThrowableGroup rest) {}
}
