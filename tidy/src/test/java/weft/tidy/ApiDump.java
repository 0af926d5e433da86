package weft.tidy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.TypeVariable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The public API of a module as text: what `module-info` says, then one line a type and, indented,
/// one line a member, in alphabetical order.
final class ApiDump {
  private static final Set<String> OF_EVERY_RECORD = Set.of("equals", "hashCode", "toString");

  private final List<String> lines = new ArrayList<>();

  private ApiDump() {}

  static List<String> of(Path classes) throws IOException {
    ApiDump dump = new ApiDump();
    Path moduleInfo = classes.resolve("module-info.class");
    Set<String> packages = new TreeSet<>();
    if (Files.exists(moduleInfo)) {
      try (InputStream in = Files.newInputStream(moduleInfo)) {
        dump.module(ModuleDescriptor.read(in), packages);
      }
    }
    try (Stream<Path> files = Files.walk(classes)) {
      files
          .filter(file -> file.toString().endsWith(".class"))
          .map(file -> classes.relativize(file).toString())
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .filter(name -> name.contains(".") && !name.endsWith("-info"))
          .filter(name -> packages.isEmpty() || packages.contains(packageOf(name)))
          .sorted()
          .map(ApiDump::load)
          .filter(ApiDump::isVisible)
          .forEach(dump::type);
    }
    return dump.lines;
  }

  private static String packageOf(String className) {
    return className.substring(0, className.lastIndexOf('.'));
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name, false, ApiDump.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new LinkageError(name, e);
    }
  }

  private void module(ModuleDescriptor module, Set<String> packages) {
    lines.add("module " + module.name());
    Set<String> directives = new TreeSet<>();
    for (ModuleDescriptor.Exports exports : module.exports()) {
      if (!exports.isQualified()) {
        packages.add(exports.source());
        directives.add("  exports " + exports.source());
      }
    }
    for (ModuleDescriptor.Requires requires : module.requires()) {
      if (requires.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE)) {
        directives.add("  requires transitive " + requires.name());
      }
    }
    module.uses().forEach(service -> directives.add("  uses " + service));
    module.provides().forEach(provides -> directives.add("  provides " + provides.service()));
    lines.addAll(directives);
  }

  /// Public or protected, and all around it as well.
  private static boolean isVisible(Class<?> type) {
    if (type.isAnonymousClass() || type.isLocalClass() || type.isSynthetic()) {
      return false;
    }
    Class<?> owner = type.getDeclaringClass();
    return isVisible(type.getModifiers()) && (owner == null || isVisible(owner));
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private void type(Class<?> type) {
    lines.add(head(type));
    Set<String> members = new TreeSet<>();
    for (Field field : type.getDeclaredFields()) {
      if (isApi(type, field)) {
        members.add(modifiers(field) + text(field.getAnnotatedType()) + " " + field.getName());
      }
    }
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (isApi(type, constructor)) {
        members.add(modifiers(constructor) + "<init>" + parameters(constructor));
      }
    }
    methods(type, type, members);
    members.forEach(member -> lines.add("  " + member));
  }

  /// The methods of a type, and those it has from ancestors that nobody else can name.
  private static void methods(Class<?> type, Class<?> from, Set<String> members) {
    for (Method method : from.getDeclaredMethods()) {
      boolean own = type.isRecord() && OF_EVERY_RECORD.contains(method.getName());
      if (isApi(type, method) && !own) {
        members.add(
            modifiers(method)
                + typeParameters(method.getTypeParameters())
                + text(method.getAnnotatedReturnType())
                + " "
                + method.getName()
                + parameters(method));
      }
    }
    Stream.concat(Stream.ofNullable(from.getSuperclass()), Arrays.stream(from.getInterfaces()))
        .filter(ancestor -> !isVisible(ancestor))
        .forEach(ancestor -> methods(type, ancestor, members));
  }

  private static boolean isApi(Class<?> type, Member member) {
    return !member.isSynthetic()
        && (Modifier.isPublic(member.getModifiers())
            || (Modifier.isProtected(member.getModifiers()) && isExtensible(type)));
  }

  private static boolean isExtensible(Class<?> type) {
    return !Modifier.isFinal(type.getModifiers()) && !type.isSealed();
  }

  private static String head(Class<?> type) {
    StringBuilder head = new StringBuilder();
    int irrelevant = Modifier.INTERFACE | Modifier.STATIC;
    int modifiers = type.getModifiers() & ~irrelevant;
    if (type.isInterface()) {
      modifiers &= ~Modifier.ABSTRACT;
    }
    head.append(Modifier.toString(modifiers)).append(type.isSealed() ? " sealed " : " ");
    head.append(kind(type)).append(' ').append(type.getName());
    head.append(typeParameters(type.getTypeParameters()).stripTrailing());
    if (type.getSuperclass() != null && type.getSuperclass() != Object.class) {
      head.append(" extends ").append(text(type.getAnnotatedSuperclass()));
    }
    if (type.getInterfaces().length > 0) {
      head.append(type.isInterface() ? " extends " : " implements ");
      head.append(texts(type.getAnnotatedInterfaces()));
    }
    if (type.isSealed()) {
      head.append(" permits ");
      head.append(
          Arrays.stream(type.getPermittedSubclasses())
              .map(Class::getName)
              .sorted()
              .collect(Collectors.joining(", ")));
    }
    return head.toString();
  }

  private static String kind(Class<?> type) {
    if (type.isAnnotation()) {
      return "@interface";
    } else if (type.isInterface()) {
      return "interface";
    } else if (type.isEnum()) {
      return "enum";
    }
    return type.isRecord() ? "record" : "class";
  }

  /// What binds a caller: `synchronized`, `native` and the like do not.
  private static String modifiers(Member member) {
    int relevant =
        Modifier.PUBLIC | Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL | Modifier.ABSTRACT;
    String text = Modifier.toString(member.getModifiers() & relevant) + " ";
    boolean isDefault = member instanceof Method method && method.isDefault();
    return isDefault ? text + "default " : text;
  }

  private static String parameters(Executable executable) {
    String parameters = texts(executable.getAnnotatedParameterTypes());
    if (executable.isVarArgs()) {
      parameters = parameters.replaceFirst("\\[\\]$", "...");
    }
    String thrown = texts(executable.getAnnotatedExceptionTypes());
    return "(" + parameters + ")" + (thrown.isEmpty() ? "" : " throws " + thrown);
  }

  private static String typeParameters(TypeVariable<?>[] variables) {
    if (variables.length == 0) {
      return "";
    }
    return Arrays.stream(variables)
        .map(ApiDump::typeParameter)
        .collect(Collectors.joining(", ", "<", "> "));
  }

  private static String typeParameter(TypeVariable<?> variable) {
    String bounds =
        Arrays.stream(variable.getAnnotatedBounds())
            .map(ApiDump::text)
            .filter(bound -> !bound.equals("Object"))
            .collect(Collectors.joining(" & "));
    return bounds.isEmpty() ? variable.getName() : variable.getName() + " extends " + bounds;
  }

  private static String texts(AnnotatedType[] types) {
    return Arrays.stream(types).map(ApiDump::text).collect(Collectors.joining(", "));
  }

  private static String text(AnnotatedType type) {
    return type.toString()
        .replace("@org.jspecify.annotations.Nullable()", "@Nullable")
        .replaceAll("\\bjava\\.lang\\.(?=[A-Z])", "");
  }
}
