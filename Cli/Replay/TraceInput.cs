using InferMesh.Simulator.Workload.Traces;

namespace InferMesh.Cli.Replay;

/// <summary>Reads the trace that <c>--trace</c> names.</summary>
internal static class TraceInput
{
    /// <summary>Reads every record; sorted by time, the first at zero.</summary>
    /// <exception cref="UsageException">The file is missing, empty or malformed; the message names the line.</exception>
    public static List<TraceRecord> Read(string path, TraceFormat format)
    {
        try
        {
            return TraceFile.Read(path, format);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UsageException($"--trace: cannot read '{path}': {exception.Message}");
        }
        catch (FormatException exception)
        {
            throw new UsageException($"--trace: {exception.Message}; is --format {TraceFile.NameOf(format)} right?");
        }
    }
}
