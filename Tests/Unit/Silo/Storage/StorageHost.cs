using InferMesh.Silo.Clustering;
using InferMesh.Silo.Options;
using InferMesh.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Providers;
using Orleans.Storage;

namespace InferMesh.Tests.Unit.Silo.Storage;

/// <summary>The storage of one silo exactly as the silo registers it, opened without starting a silo.</summary>
internal sealed class StorageHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly FakeSiloLifecycle _lifecycle = new();

    private StorageHost(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public IGrainStorage Storage => Services.GetRequiredKeyedService<IGrainStorage>(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);

    public IReminderTable Reminders => Services.GetRequiredService<IReminderTable>();

    public static async Task<StorageHost> OpenAsync(StorageSettings settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseMeshClustering(new ClusterSettings()).UseMeshStorage(settings));
        var host = new StorageHost(builder.Build());
        host.Services.GetRequiredService<SchemaInstaller>().Participate(host._lifecycle);
        (host.Storage as ILifecycleParticipant<ISiloLifecycle>)!.Participate(host._lifecycle);
        if (host.Services.GetKeyedService<IGrainStorage>("adonet") is ILifecycleParticipant<ISiloLifecycle> inner)
            inner.Participate(host._lifecycle);
        await host._lifecycle.StartAsync();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await _lifecycle.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
