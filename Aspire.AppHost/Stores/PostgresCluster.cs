using System.Security.Cryptography;
using CliWrap;
using CliWrap.Buffered;

namespace InferMesh.AppHost.Stores;

/// <summary>A PostgreSQL data directory of ours: made once, with one superuser, a generated password and the mesh database.</summary>
internal sealed class PostgresCluster(PostgresPrograms programs, string directory, string database)
{
    public const string User = "infermesh";
    private const string SystemUser = "postgres";

    private string Data => Path.Combine(directory, "data");

    private string PasswordFile => Path.Combine(directory, "password");

    /// <summary>Makes the directory unless an earlier run did.</summary>
    /// <exception cref="InvalidOperationException">A program of PostgreSQL failed; the message ends in its last line.</exception>
    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(directory)) return;
        // Made aside and renamed: a run that was interrupted half way leaves nothing that looks complete.
        var staging = new PostgresCluster(programs, directory + ".new", database);
        await staging.CreateAsync(cancellationToken);
        Directory.Move(directory + ".new", directory);
    }

    public string ConnectionString(int port) =>
        $"Host=127.0.0.1;Port={port};Username={User};Password={File.ReadAllText(PasswordFile).Trim()};Database={database}";

    public (string File, IReadOnlyList<string> Arguments) ServerCommand(int port) =>
        AsSystemUser(programs.Server, ["-D", Data, "-p", $"{port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(PasswordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)), cancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        if (NeedsSystemUser) await RunAsync("chown", ["-R", SystemUser, directory], "", cancellationToken);
        var (initDb, arguments) = AsSystemUser(programs.InitDb, ["-D", Data, "-U", User, "--auth=scram-sha-256", $"--pwfile={PasswordFile}", "--encoding=UTF8", "--locale=C"]);
        await RunAsync(initDb, arguments, "", cancellationToken);
        var (single, singleArguments) = AsSystemUser(programs.Server, ["--single", "-D", Data, "postgres"]);
        await RunAsync(single, singleArguments, $"create database {database}\n", cancellationToken);
    }

    private static bool NeedsSystemUser => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    // PostgreSQL refuses to run as root. Not runuser: it stays between us and the server and kills it two seconds after a signal;
    // setpriv, of the same package, replaces itself by the server.
    private static (string File, IReadOnlyList<string> Arguments) AsSystemUser(string program, IReadOnlyList<string> arguments) =>
        NeedsSystemUser ? ("setpriv", [$"--reuid={SystemUser}", $"--regid={SystemUser}", "--init-groups", "--", program, .. arguments]) : (program, arguments);

    private async Task RunAsync(string program, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        var result = await Cli.Wrap(program).WithArguments(arguments).WithStandardInputPipe(PipeSource.FromString(input))
            .WithWorkingDirectory(directory).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(cancellationToken);
        if (result.ExitCode == 0) return;
        var lastLine = result.StandardError.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
        var hint = NeedsSystemUser ? $" (as root, PostgreSQL runs as user {SystemUser}, who must be able to enter this directory: Mesh:DataDirectory moves it)" : "";
        throw new InvalidOperationException($"PostgreSQL could not be set up in {directory}: {lastLine ?? $"exit code {result.ExitCode}"}{hint}");
    }
}
