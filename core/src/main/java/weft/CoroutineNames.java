package weft;

import java.lang.StackWalker.StackFrame;

/// Finds the name of a coroutine that was given none: the method in which it was made.
///
/// Each lambda expression has a class of its own, so the method is looked up on the stack only the
/// first time and then remembered with that class; from then on a name costs one class-value
/// lookup.
final class CoroutineNames {
  private static final StackWalker WALKER = StackWalker.getInstance();

  private static final ClassValue<String> NAMES =
      new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> bodyClass) {
          if (!bodyClass.isHidden()) {
            String simple = bodyClass.getSimpleName();
            return simple.isEmpty() ? bodyClass.getName() : simple;
          }
          return WALKER.walk(
              frames ->
                  frames
                      .filter(f -> !isMachinery(f))
                      .findFirst()
                      .map(f -> enclosingMethod(f.getMethodName()))
                      .orElse("coroutine"));
        }
      };

  private CoroutineNames() {}

  static String of(Object body) {
    return NAMES.get(body.getClass());
  }

  private static boolean isMachinery(StackFrame frame) {
    String name = frame.getClassName();
    return name.startsWith("java.lang.ClassValue") || CoreClasses.contains(name);
  }

  /// A body within a body is compiled to a method named `lambda$outer$0`.
  private static String enclosingMethod(String method) {
    if (!method.startsWith("lambda$")) {
      return method;
    }
    int end = method.indexOf('$', 7);
    return end < 0 ? method : method.substring(7, end);
  }
}
