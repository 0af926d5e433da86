package weft.bench;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Writes JSON, one value a line.
final class Json {
  private final StringBuilder out = new StringBuilder();
  private int depth;
  private boolean first = true;

  /// Opens an object or an array that has no name.
  Json open(String bracket) {
    begin();
    return enter(bracket);
  }

  /// Opens one that is a member.
  Json open(String name, String bracket) {
    begin();
    out.append(quoted(name)).append(": ");
    return enter(bracket);
  }

  Json close(String bracket) {
    depth--;
    if (!first) {
      newLine();
    }
    out.append(bracket);
    first = false;
    return this;
  }

  /// A member that is an object of strings.
  Json values(String name, Map<String, String> members) {
    open(name, "{");
    members.forEach(this::value);
    return close("}");
  }

  /// Members for what a figure is made of.
  Json figure(Figure figure) {
    return number("median", figure.median())
        .number("min", figure.min())
        .number("max", figure.max())
        .number("low", figure.low())
        .number("high", figure.high())
        .numbers("rounds", figure.values())
        .bool("wide", figure.wide());
  }

  Json value(String name, String value) {
    return raw(name, quoted(value));
  }

  Json number(String name, double value) {
    return raw(name, number(value));
  }

  /// A member that is an array of numbers, in one line.
  Json numbers(String name, Collection<Double> values) {
    return raw(name, values.stream().map(Json::number).collect(Collectors.joining(", ", "[", "]")));
  }

  Json bool(String name, boolean value) {
    return raw(name, Boolean.toString(value));
  }

  /// A member that is an array of strings.
  Json values(String name, Collection<String> values) {
    open(name, "[");
    for (var value : values) {
      begin();
      out.append(quoted(value));
    }
    return close("]");
  }

  String text() {
    return out + "\n";
  }

  private static String number(double value) {
    // JSON has no NaN.
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.3f", value) : "null";
  }

  private Json raw(String name, String value) {
    begin();
    out.append(quoted(name)).append(": ").append(value);
    return this;
  }

  private Json enter(String bracket) {
    out.append(bracket);
    depth++;
    first = true;
    return this;
  }

  private void begin() {
    if (!first) {
      out.append(',');
    }
    if (depth > 0) {
      newLine();
    }
    first = false;
  }

  private void newLine() {
    out.append('\n').append("  ".repeat(depth));
  }

  private static String quoted(String text) {
    var out = new StringBuilder("\"");
    text.chars()
        .forEach(
            c -> {
              if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
              } else if (c < ' ') {
                out.append(String.format(Locale.ROOT, "\\u%04x", c));
              } else {
                out.append((char) c);
              }
            });
    return out.append('"').toString();
  }
}
