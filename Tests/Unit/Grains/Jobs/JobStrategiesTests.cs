using InferMesh.Grains.Jobs;
using InferMesh.Grains.Options;
using InferMesh.Grains.Plugins;
using InferMesh.Strategies.Training;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains.Jobs;

/// <summary>Plugins that jobs name, on a silo that has none of them.</summary>
[TestClass]
public sealed class JobStrategiesTests : IDisposable
{
    private readonly Clock _time = new();
    private readonly SiloPlugins _plugins;
    private readonly JobStrategies _strategies;

    public JobStrategiesTests()
    {
        _plugins = new(null!, null!, _time, Options.Create(new RoutingSettings()), new Fixed<PluginSettings>(new()), NullLogger<SiloPlugins>.Instance);
        _strategies = new(_plugins, _time);
    }

    public void Dispose() => _plugins.Dispose();

    [TestMethod]
    public void IsAwaited_PluginThatIsNotLoaded_ForAWhileOfItsOwn()
    {
        _strategies.Begin(["one@1.0.0", TrainingCatalog.Default, ""]);
        Assert.IsTrue(_strategies.IsAwaited("one@1.0.0") && _strategies.AwaitsAny);
        Assert.IsFalse(_strategies.IsAwaited(TrainingCatalog.Default) || _strategies.IsAwaited(""));
        _time.Advance(TimeSpan.FromSeconds(3));
        _strategies.Begin(["one@1.0.0", "two@1.0.0"]);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual((false, true), (_strategies.IsAwaited("one@1.0.0"), _strategies.IsAwaited("two@1.0.0")), "who comes later has as long");
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.IsFalse(_strategies.AwaitsAny);
    }

    [TestMethod]
    public void IsAwaited_JobsThatAreSubmittedAndTakenBack_WaitOnce()
    {
        _strategies.Begin(["one@1.0.0"]);
        _time.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 10; i++)
        {
            _strategies.Begin([]);
            _time.Advance(TimeSpan.FromSeconds(6));
            _strategies.Begin(["one@1.0.0"]);
            Assert.IsFalse(_strategies.IsAwaited("one@1.0.0"));
        }
        _time.Advance(TimeSpan.FromMinutes(5));
        _strategies.Begin([]);
        _strategies.Begin(["one@1.0.0"]);
        Assert.IsTrue(_strategies.IsAwaited("one@1.0.0"), "much may have changed");
    }

    [TestMethod]
    public async Task LoadedAsync_PluginThatIsNotThere_GivesUpWithinTheTimeOfACall()
    {
        var loaded = _strategies.LoadedAsync("one@1.0.0", static () => []);
        // A plan in between, of jobs that name something else.
        _strategies.Begin(["two@1.0.0"]);
        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.IsFalse(loaded.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await loaded.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.IsTrue(_strategies.IsAwaited("one@1.0.0"), "of jobs");
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Interlocked.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
