@{
    RootModule           = 'bin/ExchangeOnlineManagement.dll'
    # Scripts ask for the module by the version of the original whose parameters they use (-MinimumVersion 3.0,
    # #Requires -Modules @{ ModuleName = ...; ModuleVersion = '3.2.0' }). 4.0.0 is above every version of the original, so
    # all these are met, and beside the original this module is the one that is imported by name. The version of the
    # project itself is in CHANGELOG.md and in the assembly.
    ModuleVersion        = '4.0.0'
    GUID                 = 'e8bdfcc9-f5b4-42a1-8172-d1da0b032474'
    Author               = 'The exo project'
    CompanyName          = 'The exo project'
    Copyright            = 'MIT or Apache-2.0'
    Description          = 'Exchange Online, Security & Compliance and on-premises Exchange from PowerShell on every system: remote PowerShell over a native library, with no other managed assembly.'

    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')

    TypesToProcess       = @('ExchangeOnlineManagement.Types.ps1xml')
    FormatsToProcess     = @('ExchangeOnlineManagement.Format.ps1xml')

    CmdletsToExport      = @(
        'Connect-ExchangeOnline', 'Connect-EXOPSSession', 'Connect-IPPSSession', 'Disconnect-ExchangeOnline',
        'Get-ConnectionInformation', 'Get-EXOCasMailbox', 'Get-EXOMailbox', 'Get-EXOMailboxFolderPermission',
        'Get-EXOMailboxFolderStatistics', 'Get-EXOMailboxPermission', 'Get-EXOMailboxStatistics',
        'Get-EXOMobileDeviceStatistics', 'Get-EXORecipient', 'Get-EXORecipientPermission', 'New-PSSession', 'New-PSSessionOption'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    PrivateData          = @{
        PSData = @{
            Tags = @(
                'Exchange', 'ExchangeOnline', 'EXO', 'EOP', 'SecurityCompliance',
                'PSEdition_Core', 'Linux', 'MacOS', 'Windows'
            )
        }
    }
}
