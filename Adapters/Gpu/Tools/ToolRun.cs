using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace InferMesh.Adapters.Gpu.Tools;

/// <summary>What a tool printed before it ended by itself.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Errors">The beginning of its standard error.</param>
internal sealed record ToolOutput(int ExitCode, string Output, string Errors)
{
    /// <summary>How it ended, in one line for a reason.</summary>
    public string Ending
    {
        get
        {
            const int MostCharacters = 200;
            var said = (Errors.Trim() is { Length: > 0 } errors ? errors : Output.Trim()).Split('\n', 2)[0].Trim();
            return string.Create(CultureInfo.InvariantCulture, $"it ended with {ExitCode}: {(said.Length > MostCharacters ? said[..MostCharacters] : said)}");
        }
    }
}

/// <summary>Runs a tool without a shell, within limits of time and output.</summary>
internal static class ToolRun
{
    private const int ChunkBytes = 16 << 10;
    private const int MaxErrorBytes = 16 << 10;
    private const int NoSuchFile = 2, NoAccess = 13; // errno

    /// <summary>Runs the tool to its end. It is killed when it takes too long or prints too much.</summary>
    /// <returns>What it printed, or why there is nothing to read.</returns>
    public static (ToolOutput? Output, GpuSourceResult.Unavailable? Failure) Run(string file, IReadOnlyList<string> arguments, TimeSpan timeout, int maxOutputBytes)
    {
        using var process = new Process { StartInfo = StartInfo(file, arguments) };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            var kind = exception.NativeErrorCode switch
            {
                NoSuchFile => GpuSourceFailure.ToolNotFound,
                NoAccess => GpuSourceFailure.NoPermission,
                _ => GpuSourceFailure.NoAnswer,
            };
            return (null, new GpuSourceResult.Unavailable(kind, $"{file} cannot be run: {exception.Message}"));
        }

        using var limit = new CancellationTokenSource(timeout);
        try
        {
            process.StandardInput.Close();
            var errors = HeadAsync(process.StandardError.BaseStream, MaxErrorBytes);
            // The pipe outlives the tool while a child of it holds the other end: only the limit ends that wait.
            var output = WholeAsync(process.StandardOutput.BaseStream, maxOutputBytes).WaitAsync(limit.Token).GetAwaiter().GetResult();
            if (output is null)
                return (null, Stopped(process, string.Create(CultureInfo.InvariantCulture, $"{file} printed more than {maxOutputBytes} bytes")));
            process.WaitForExitAsync(limit.Token).GetAwaiter().GetResult();
            return (new ToolOutput(process.ExitCode, output, errors.WaitAsync(limit.Token).GetAwaiter().GetResult()), null);
        }
        catch (OperationCanceledException)
        {
            return (null, Stopped(process, string.Create(CultureInfo.InvariantCulture, $"{file} did not end within {timeout.TotalSeconds:0.###} s")));
        }
        catch (IOException exception)
        {
            return (null, Stopped(process, $"{file}: {exception.Message}"));
        }
    }

    private static ProcessStartInfo StartInfo(string file, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(file)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    private static async Task<string?> WholeAsync(Stream stream, int maxBytes)
    {
        using var whole = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        int read;
        while ((read = await stream.ReadAsync(chunk).ConfigureAwait(false)) > 0)
        {
            if (whole.Length + read > maxBytes)
                return null;
            whole.Write(chunk, 0, read);
        }
        return Encoding.UTF8.GetString(whole.GetBuffer(), 0, (int)whole.Length);
    }

    /// <summary>Reads to the end, so that the tool never waits for a reader, and keeps the beginning.</summary>
    private static async Task<string> HeadAsync(Stream stream, int maxBytes)
    {
        using var head = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        int read;
        try
        {
            while ((read = await stream.ReadAsync(chunk).ConfigureAwait(false)) > 0)
                head.Write(chunk, 0, Math.Min(read, maxBytes - (int)head.Length));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The tool was stopped: what it complained about is not asked for any more.
        }
        return Encoding.UTF8.GetString(head.GetBuffer(), 0, (int)head.Length);
    }

    private static GpuSourceResult.Unavailable Stopped(Process process, string reason)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, or is about to.
        }
        return new GpuSourceResult.Unavailable(GpuSourceFailure.NoAnswer, reason);
    }
}
