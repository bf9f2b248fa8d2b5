using System.Text.Json.Serialization;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.Silo.Options;
using InferMesh.Silo.Storage.Postgres;
using InferMesh.Silo.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace InferMesh.Silo.Storage;

/// <summary>Grain state and reminders, on the database that the settings name.</summary>
internal static class StorageExtensions
{
    private const string AdoNetName = "adonet";

    public static ISiloBuilder UseMeshStorage(this ISiloBuilder silo, StorageSettings settings)
    {
        silo.UseSystemTextJsonGrainStorageSerializer();
        // Figures may be infinite, such as a quantile of an arm that fails too many requests: what cannot be written would not be decided.
        silo.Services.Configure<SystemTextJsonGrainStorageSerializerOptions>(static o => o.JsonSerializerOptions.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals);
        silo.AddIncomingGrainCallFilter<StorageErrorFilter>();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<StorageMetrics>();
        if (settings.Provider == StorageProvider.Postgres)
            silo.UsePostgres(settings);
        else
            silo.UseSqlite(settings);
        silo.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<SchemaInstaller>(services, settings));
        silo.Services.AddSingleton<IPreflight>(services => services.GetRequiredService<SchemaInstaller>());
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<SchemaInstaller>());
        return silo;
    }

    private static void UseSqlite(this ISiloBuilder silo, StorageSettings settings)
    {
        var database = new SqliteDatabase(settings.SqlitePath);
        silo.Services.AddSingleton<IMeshDatabase>(database);
        silo.AddDefaultStorage(services => new SqliteGrainStorage(
            database,
            settings.MaxBatch,
            services.GetRequiredService<StorageMetrics>(),
            services.GetRequiredService<IGrainStorageSerializer>(),
            services.GetRequiredService<IActivatorProvider>(),
            services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Orleans.Configuration.ClusterOptions>>()));
        silo.UseAdoNetReminderService(options =>
        {
            options.Invariant = "System.Data.SQLite"; // Orleans' name; the driver behind it is Microsoft.Data.Sqlite.
            options.ConnectionString = database.ConnectionString;
        });
    }

    private static void UsePostgres(this ISiloBuilder silo, StorageSettings settings)
    {
        var database = new PostgresDatabase(StorageConnection.Of(settings, silo.Configuration)!);
        silo.Services.AddSingleton<IMeshDatabase>(_ => database); // by a factory, so that the container disposes it
        silo.AddAdoNetGrainStorage(AdoNetName, options =>
        {
            options.Invariant = "Npgsql";
            options.DataSource = database.Source;
            options.DeleteStateOnClear = true;
        });
        silo.AddDefaultStorage(services => new UnambiguousKeyStorage(services.GetRequiredKeyedService<IGrainStorage>(AdoNetName)));
        silo.UseAdoNetReminderService(options =>
        {
            options.Invariant = "Npgsql";
            options.DataSource = database.Source;
        });
    }

    private static void AddDefaultStorage(this ISiloBuilder silo, Func<IServiceProvider, IGrainStorage> create) =>
        silo.Services.AddGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, (services, _) =>
            ActivatorUtilities.CreateInstance<GuardedGrainStorage>(services, create(services)));
}
