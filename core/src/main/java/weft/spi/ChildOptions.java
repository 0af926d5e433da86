package weft.spi;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What to start as a child process, and how; as for a [ProcessBuilder].
///
/// @param command the program and its arguments, at least one string
/// @param directory where it begins to work, from where the program's name is seen too, if that is
///   a relative path; null for the directory of this process
/// @param environment all of its environment variables; null for those of this process
/// @param stdin where its input comes from
/// @param stdout where its output goes
/// @param stderr where its errors go; null for wherever the output goes
public record ChildOptions(
    List<String> command,
    @Nullable Path directory,
    @Nullable Map<String, String> environment,
    Redirect stdin,
    Redirect stdout,
    @Nullable Redirect stderr) {}
