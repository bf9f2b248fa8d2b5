namespace InferMesh.ServiceDefaults.Options;

/// <summary>Marks a setting whose value is never shown in an error or a log.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretSettingAttribute : Attribute;
