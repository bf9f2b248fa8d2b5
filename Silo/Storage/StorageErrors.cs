using System.Data.Common;

namespace InferMesh.Silo.Storage;

/// <summary>
/// Turns a driver's exception into one that every process of the mesh knows. A client without the driver's assembly cannot even
/// read a SqliteException off the wire.
/// </summary>
internal static class StorageErrors
{
    public static OrleansException Translate(string what, Exception e) =>
        new($"Grain storage failed ({what}): {e.GetType().Name}: {e.Message}");

    public static DbException? FindDriverError(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is DbException driver)
                return driver;
        }

        return null;
    }
}

/// <summary>The last line of defence: driver exceptions that reach the end of a grain call by another way, such as reminders.</summary>
internal sealed class StorageErrorFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception e) when (StorageErrors.FindDriverError(e) is { } driver)
        {
            throw StorageErrors.Translate($"{context.TargetId}", driver);
        }
    }
}
