using InferMesh.Grains.Events;
using InferMesh.Grains.Routing;

namespace InferMesh.Grains;

/// <summary>Registers what the grains need in a silo.</summary>
public static class MeshGrains
{
    /// <summary>
    /// Adds routing table, reservations and events. The host binds <see cref="Options.HealthSettings"/> and
    /// <see cref="Options.RoutingSettings"/>, and provides storage and the stream provider.
    /// </summary>
    public static ISiloBuilder AddMeshGrains(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<EventSink>();
        silo.Services.AddSingleton<RoutingTableCache>();
        silo.Services.AddSingleton<RoutingTableBuilder>();
        silo.Services.AddSingleton<IClusterSize, ClusterSize>();
        silo.Services.AddSingleton<StrategyFeedback>();
        silo.Services.AddSingleton<ReservationLedger>();
        silo.Services.AddSingleton<ReservationClient>();
        silo.Services.AddGrainService<ReservationService>();
        silo.Services.AddSingleton<RoutingTableRefresher>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<RoutingTableRefresher>());
        return silo;
    }
}
