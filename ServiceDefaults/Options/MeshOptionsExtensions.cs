using InferMesh.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>Settings classes that are checked strictly: unknown keys, types, ranges and cross rules, all errors at once.</summary>
public static class MeshOptionsExtensions
{
    /// <summary>
    /// Binds <typeparamref name="T"/> to a section and registers it as <see cref="IOptions{T}"/> and <see cref="IOptionsMonitor{T}"/>.
    /// Errors are collected, not thrown: <see cref="ThrowOnBadSettings"/> reports those of all classes together.
    /// </summary>
    /// <typeparam name="T">The settings class; DataAnnotations and IValidatableObject on it are its rules.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The configuration of the host.</param>
    /// <param name="path">The section, <c>InferMesh:Cluster</c>.</param>
    /// <param name="validators">Further rules, also run on every reload.</param>
    /// <returns>The settings as bound now; to be used only after <see cref="ThrowOnBadSettings"/>.</returns>
    public static T AddMeshOptions<T>(this IServiceCollection services, IConfiguration configuration, string path, params IValidateOptions<T>[] validators)
        where T : class, new()
    {
        ArgumentNullException.ThrowIfNull(services);
        var reading = SettingsReader.Read(configuration, path, validators);
        var registry = services.Registry();
        registry.Add(path, reading.Errors);
        registry.LateChecks.Add(provider => provider.GetServices<IValidateOptions<T>>()
            .SelectMany(validator => validator.Validate(Microsoft.Extensions.Options.Options.DefaultName, reading.Value).Failures ?? [])
            .Select(failure => new SettingError(path, null, failure)));

        services.AddSingleton(provider => new MeshOptionsMonitor<T>(
            configuration,
            path,
            reading.Value,
            [.. validators, .. provider.GetServices<IValidateOptions<T>>()],
            provider.GetRequiredService<ILogger<MeshOptionsMonitor<T>>>()));
        services.AddSingleton<IOptionsMonitor<T>>(provider => provider.GetRequiredService<MeshOptionsMonitor<T>>());
        services.AddSingleton<IOptions<T>>(provider => provider.GetRequiredService<MeshOptionsMonitor<T>>());
        return reading.Value;
    }

    /// <summary>Names sections under <c>InferMesh</c> that this process does not read but another process of the mesh does.</summary>
    /// <param name="services">The services.</param>
    /// <param name="paths">The full paths, <c>InferMesh:Api</c>.</param>
    /// <returns>The same services.</returns>
    public static IServiceCollection AllowMeshSections(this IServiceCollection services, params string[] paths)
    {
        services.Registry().AllowForeign(paths);
        return services;
    }

    /// <summary>Reports all errors of all classes added so far, and sections that nobody knows.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">The configuration of the host.</param>
    /// <exception cref="StartupException">At least one setting is wrong.</exception>
    public static void ThrowOnBadSettings(this IServiceCollection services, IConfiguration configuration)
    {
        var errors = services.Registry().Errors(configuration);
        if (errors.Count > 0)
            throw new StartupException(errors);
    }

    /// <summary>Runs the rules that are registered as services.</summary>
    /// <exception cref="StartupException">At least one setting is wrong.</exception>
    internal static void ValidateMeshOptions(this IServiceProvider provider)
    {
        if (provider.GetService<MeshOptionsRegistry>() is not { } registry)
            return;
        SettingError[] errors = [.. registry.LateChecks.SelectMany(check => check(provider))];
        if (errors.Length > 0)
            throw new StartupException(errors);
    }

    private static MeshOptionsRegistry Registry(this IServiceCollection services)
    {
        if (services.FirstOrDefault(service => service.ServiceType == typeof(MeshOptionsRegistry))?.ImplementationInstance is MeshOptionsRegistry known)
            return known;
        var registry = new MeshOptionsRegistry();
        services.AddSingleton(registry);
        return registry;
    }
}
