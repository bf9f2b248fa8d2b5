using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace InferMesh.Tests.Shared;

/// <summary>Finds and runs the servers that some tests need.</summary>
internal static class ExternalProcess
{
    private const int FirstPort = 12_000;
    private const int Ports = 17_000;

    private static int s_port = Random.Shared.Next(Ports);

    /// <summary>The full path of a program on PATH or in one of the folders, or null.</summary>
    public static string? Find(string name, params IEnumerable<string> folders) =>
        folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>A loopback port that was free a moment ago, below those that the system gives to outgoing connections: none of those takes it before its server does.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + (int)((uint)Interlocked.Increment(ref s_port) % Ports);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // The next one.
            }
        }
    }

    /// <summary>Runs to the end; throws with the program's own words when it fails.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        // Both pipes are read to the end, or a talkative program would block on a full one.
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {string.Concat(output)}");
        return string.Concat(output);
    }

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
        ?? throw new InvalidOperationException($"{program} did not start.");

    /// <summary>Asks again and again until the answer is yes.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan timeout, string what)
    {
        var start = Stopwatch.StartNew();
        while (!await condition())
        {
            if (start.Elapsed > timeout)
                throw new TimeoutException($"Not within {timeout}: {what}");
            await Task.Delay(50);
        }
    }
}
