package weft.linux;

import java.util.Optional;

/// What must be so before [Linux] can be touched.
final class Platform {
  private Platform() {}

  /// Why Linux cannot be called from here, if it cannot.
  static Optional<String> unavailable() {
    String system = System.getProperty("os.name");
    if (!system.equals("Linux")) {
      return Optional.of("this is " + system + ", not Linux");
    }
    String processor = System.getProperty("os.arch");
    if (!processor.equals("amd64") && !processor.equals("aarch64")) {
      return Optional.of("the processor is " + processor + ", neither amd64 nor aarch64");
    }
    Module module = Platform.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
      return Optional.of("Java was started without --enable-native-access=" + name);
    }
    return Optional.empty();
  }
}
