namespace InferMesh.Tests.Unit;

/// <summary>Waits for what happens on other threads, without a guess at how long that takes.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.IsLessThan(Limit, TimeProvider.System.GetElapsedTime(started), $"never happened: {what}");
            await Task.Delay(5);
        }
    }
}
